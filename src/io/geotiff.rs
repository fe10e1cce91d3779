//! GeoTIFF: one band of a file as [`Cells`](crate::grid::Cells), and a streaming writer of Cloud-Optimised
//! GeoTIFFs.
//!
//! In and out: planes of `f32`, row by row, unknown cells as [`UNKNOWN`](crate::grid::UNKNOWN); on disk
//! unknown is the declared nodata value.
//!
//! Every layout is decoded here (`layout` → `codec` → `predictor` → `sample`) instead of with crate `tiff`'s
//! decoder: that one owns a cursor, so threads could not share a file, and it knows neither masks nor sparse
//! blocks; and once tags, windows, cache and nodata are ours, its remaining share is what four short codec
//! calls do (io-notes §1a measured such a reader at 0.4 of its time). The codecs themselves are crates:
//! `libdeflater`, `zstd`, `weezl`. The tests hold this reader against files written by crate `tiff`.
//!
//! Formats: TIFF 6.0 (1992), its technical note 3 (floating-point predictor), BigTIFF, OGC GeoTIFF 1.1
//! (19-008r4), and GDAL's conventions for nodata (tag 42113), metadata (42112) and the COG layout.

mod codec;
mod predictor;
mod read;
mod tags;
mod write;

pub use read::{GeoTiff, RasterFacts, ReadOptions, SampleType, Statistics};
pub use write::{
    Compression, GeoTiffWriter, OverviewKind, Piece, PieceWritten, Pieces, WriteSample, WriteSpec, Written,
};
