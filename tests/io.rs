//! Files in and out: every layout, every fault, and round trips.

mod common;

mod io {
    mod csv;
    mod feature_files;
    mod files;
    mod geojson;
    mod geotiff_cog;
    mod geotiff_faults;
    mod geotiff_layouts;
    mod geotiff_real;
    mod geotiff_roundtrip;
    mod picture;
    mod tiff_bytes;
}
