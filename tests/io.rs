//! Files in and out: every layout, every fault, and round trips.

mod common;

mod io {
    mod absurd;
    mod csv;
    mod feature_files;
    mod files;
    mod formats;
    mod geojson;
    mod geotiff_cog;
    mod geotiff_crs;
    mod geotiff_faults;
    mod geotiff_layouts;
    mod geotiff_real;
    mod geotiff_roundtrip;
    mod gpkg;
    mod kml;
    mod picture;
    mod pieces;
    mod shapefile;
    mod tiff_bytes;
    mod xlsx;
}
