//! Reading and writing GeoTIFF: 2048 × 2048 cells of `f32`, 16 MiB, from a warm page cache.
//!
//! `cargo bench --bench io`; throughput is in bytes of cells.

use std::hint::black_box;
use std::path::Path;

use clearway::grid::{Cells, Crs, Frame, MemoryCells, Tiling, UNKNOWN};
use clearway::io::geotiff::{Compression, GeoTiff, GeoTiffWriter, ReadOptions, WriteSpec};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use glam::DVec2;

const SIDE: usize = 2048;
const COMPRESSIONS: [(&str, Compression); 3] =
    [("deflate", Compression::Deflate), ("zstd", Compression::Zstd), ("none", Compression::None)];

/// A smooth surface in steps of 1/64 with holes, as a scored region has.
fn plane() -> MemoryCells {
    let crs = Crs::from_epsg(32636, "bench").expect("UTM 36N is known");
    let corner = DVec2::new(500_000.0, 5_500_000.0);
    let frame = Frame::north_up(crs, corner, DVec2::splat(5.0), SIDE, SIDE);
    let value = |i: usize| {
        let (col, row) = (i % SIDE, i / SIDE);
        match (col / 300 + row / 200) % 9 {
            0 => UNKNOWN,
            _ => ((col as f32 * 0.004).sin() * (row as f32 * 0.003).cos() * 64_000.0).round() / 64.0,
        }
    };
    MemoryCells::from_values(frame, (0..SIDE * SIDE).map(value).collect())
}

fn write(path: &Path, plane: &MemoryCells, compression: Compression) {
    let spec = WriteSpec { compression, ..WriteSpec::quantity("bench", "") };
    let mut writer = GeoTiffWriter::create(path, plane.frame(), &spec).expect("a folder to write in");
    for window in Tiling::new(plane.frame(), 1024).tiles() {
        let values = plane.read_vec(window).expect("memory");
        writer.write(window, &values).expect("room on the disk");
    }
    writer.finish().expect("room on the disk");
}

fn geotiff(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let plane = plane();
    let mut group = criterion.benchmark_group("geotiff");
    group.throughput(Throughput::Bytes((SIDE * SIDE * 4) as u64)).sample_size(10);
    for (name, compression) in COMPRESSIONS {
        let path = folder.path().join(format!("{name}.tif"));
        group.bench_function(format!("write/{name}"), |bencher| {
            bencher.iter(|| write(&path, &plane, compression));
        });
        // Opened anew each time and without cache, so that every pass decodes every block.
        let options = ReadOptions { cache_bytes: 0, ..ReadOptions::default() };
        group.bench_function(format!("read/{name}"), |bencher| {
            bencher.iter(|| {
                let raster = GeoTiff::open_with(&path, &options).expect("written before");
                for window in Tiling::new(raster.frame(), 1024).tiles() {
                    black_box(raster.read_vec(window).expect("written before"));
                }
            });
        });
    }
    group.finish();
}

criterion_group!(benches, geotiff);
criterion_main!(benches);
