//! What the writer wrote, the reader reads back: every type, compression and order of windows.

use clearway::grid::{Cells, Frame, MemoryCells, Tiling, UNKNOWN, Window, is_unknown};
use clearway::io::geotiff::{Compression, GeoTiff, GeoTiffWriter, SampleType, WriteSpec, Written};

use crate::common::{all, assert_cells, cells, frame_lonlat, frame_utm};

const COMPRESSIONS: [Compression; 3] = [Compression::Deflate, Compression::Zstd, Compression::None];

/// A plane with holes, sharp edges and small and large values.
fn plane(frame: &Frame) -> MemoryCells {
    let value = |i: usize| {
        let (col, row) = (i % frame.n_cols, i / frame.n_cols);
        match (col / 37 + row / 23) % 6 {
            0 => UNKNOWN,
            1 => -1.5e6 + row as f32,
            _ => (col * 7 + row * 13) as f32 * 0.125,
        }
    };
    MemoryCells::from_values(frame.clone(), (0..frame.n_cells() as usize).map(value).collect())
}

fn write(path: &std::path::Path, plane: &MemoryCells, spec: &WriteSpec, windows: &[Window]) -> Written {
    let mut writer = GeoTiffWriter::create(path, plane.frame(), spec).unwrap();
    for &window in windows {
        writer.write(window, &plane.read_vec(window).unwrap()).unwrap();
    }
    writer.finish().unwrap()
}

fn tiles(frame: &Frame, size: usize) -> Vec<Window> {
    Tiling::new(frame, size).tiles().collect()
}

#[test]
fn quantities_come_back_bit_for_bit() {
    let folder = tempfile::tempdir().unwrap();
    for frame in [frame_utm(1, 1, 30.0), frame_utm(513, 700, 30.0), frame_lonlat(1100, 3, 18.0, 45.0, 0.001)]
    {
        let plane = plane(&frame);
        for compression in COMPRESSIONS {
            let path = folder.path().join("a.tif");
            let spec = WriteSpec { compression, ..WriteSpec::quantity("rank <&> \"x\"", "percent") };
            let written = write(&path, &plane, &spec, &tiles(&frame, 512));
            assert_eq!(written.bytes, std::fs::metadata(&path).unwrap().len());
            assert_eq!(written.n_known, all(&plane).iter().filter(|v| !is_unknown(**v)).count() as u64);
            let read = GeoTiff::open(&path, 1).unwrap();
            assert!(read.frame().same_cells(&frame));
            assert_cells(&all(&read), &all(&plane), frame.n_cols, 0.0, 0.0);
            let facts = read.facts();
            assert_eq!(facts.sample, SampleType::F32);
            assert_eq!(facts.nodata, Some(-9999.0));
            assert_eq!(facts.description.as_deref(), Some("rank <&> \"x\""));
            assert_eq!(facts.unit.as_deref(), Some("percent"));
            assert!(facts.is_tiled && facts.block_cols == 512 && !facts.has_mask);
        }
    }
}

#[test]
fn classes_are_rounded_and_kept_within_a_byte() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("class.tif");
    for compression in COMPRESSIONS {
        let spec = WriteSpec { compression, ..WriteSpec::classes("class") };
        // 0 is the nodata value of classes, so it reads as unknown; 300 and -7 do not fit a byte.
        let plane = cells("1 2.4 2.6 300 / ? 0 -7 255");
        let written = write(&path, &plane, &spec, &[plane.frame().window()]);
        assert_eq!((written.n_known, written.range), (5, Some((1.0, 255.0))));
        let read = GeoTiff::open(&path, 1).unwrap();
        let expected = [1.0, 2.0, 3.0, 255.0, UNKNOWN, UNKNOWN, UNKNOWN, 255.0];
        assert_cells(&all(&read), &expected, 4, 0.0, 0.0);
        assert_eq!(read.facts().sample, SampleType::U8);
    }
}

#[test]
fn file_does_not_depend_on_the_windows() {
    let folder = tempfile::tempdir().unwrap();
    let frame = frame_utm(1300, 1100, 30.0);
    let plane = plane(&frame);
    let spec = WriteSpec::quantity("x", "");
    let mut first: Option<Vec<u8>> = None;
    let strips: Vec<Window> = (0..1100).step_by(50).map(|row| Window::new(0, row, 1300, 50)).collect();
    let mut backwards = tiles(&frame, 300);
    backwards.reverse();
    for windows in [tiles(&frame, 512), tiles(&frame, 1024), tiles(&frame, 77), strips, backwards] {
        let path = folder.path().join("a.tif");
        write(&path, &plane, &spec, &windows);
        let bytes = std::fs::read(&path).unwrap();
        match &first {
            None => first = Some(bytes),
            Some(first) => assert!(*first == bytes, "{} windows gave another file", windows.len()),
        }
    }
}

#[test]
fn cells_never_written_are_unknown() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.tif");
    let frame = frame_utm(600, 520, 30.0);
    let mut writer = GeoTiffWriter::create(&path, &frame, &WriteSpec::quantity("x", "")).unwrap();
    writer.write(Window::new(510, 3, 4, 1), &[1.0, 2.0, f32::NAN, 4.0]).unwrap();
    assert_eq!(writer.finish().unwrap().n_known, 3);
    let read = GeoTiff::open(&path, 1).unwrap().read_vec(Window::new(509, 3, 6, 1)).unwrap();
    assert_cells(&read, &[UNKNOWN, 1.0, 2.0, UNKNOWN, 4.0, UNKNOWN], 6, 0.0, 0.0);
}

#[test]
fn nothing_lies_at_the_path_before_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.tif");
    let mut writer =
        GeoTiffWriter::create(&path, &frame_utm(2, 1, 30.0), &WriteSpec::quantity("x", "")).unwrap();
    writer.write(Window::new(0, 0, 2, 1), &[1.0, 2.0]).unwrap();
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    drop(writer);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn folder_that_does_not_exist_is_named() {
    let path = std::path::Path::new("/nonexistent-folder/a.tif");
    let error =
        GeoTiffWriter::create(path, &frame_utm(2, 1, 30.0), &WriteSpec::quantity("x", "")).unwrap_err();
    assert_eq!(error.exit_code(), 1);
    assert!(error.to_string().contains("/nonexistent-folder/a.tif"), "{error}");
}

#[cfg(target_os = "linux")]
#[test]
fn full_disk_keeps_its_kind() {
    // A folder on a full disk cannot be had without privileges; /dev/full shows that the kind survives, and a
    // real 20 MB disk was filled by hand.
    use std::io::Write;
    let path = std::path::Path::new("/dev/full");
    let mut file = std::fs::OpenOptions::new().write(true).open(path).unwrap();
    let error = file.write_all(&[0; 16]).map_err(clearway::error::Error::io("write", path)).unwrap_err();
    assert!(error.to_string().contains("free some space"), "{error}");
}

#[test]
#[should_panic(expected = "window past the frame")]
fn window_past_the_frame_is_our_bug() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.tif");
    let mut writer =
        GeoTiffWriter::create(&path, &frame_utm(2, 1, 30.0), &WriteSpec::quantity("x", "")).unwrap();
    let _ = writer.write(Window::new(1, 0, 2, 1), &[1.0, 2.0]);
}

#[test]
fn threads_read_one_file_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.tif");
    let frame = frame_utm(1500, 900, 30.0);
    let plane = plane(&frame);
    write(&path, &plane, &WriteSpec::quantity("x", ""), &tiles(&frame, 512));
    let read = GeoTiff::open(&path, 1).unwrap();
    std::thread::scope(|scope| {
        for thread in 0..8usize {
            let (read, plane) = (&read, &plane);
            scope.spawn(move || {
                for i in 0..20 {
                    let window =
                        Window::new((i * 131 + thread * 71) as i64 % 1500 - 40, (i * 57) as i64, 333, 77);
                    let found = read.read_vec(window).unwrap();
                    assert_cells(&found, &plane.read_vec(window).unwrap(), 333, 0.0, 0.0);
                }
            });
        }
    });
}
