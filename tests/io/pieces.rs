//! Pieces of a grid: a writer that takes them over leaves the bytes of one that wrote all.

use clearway::grid::{Cells, Frame, UNKNOWN, Window};
use clearway::io::geotiff::{Compression, GeoTiffWriter, Piece, Pieces, WriteSpec};

use crate::common::frame_utm;

fn value(col: i64, row: i64) -> f32 {
    let x = (col * 31 + row * 17) % 101;
    if (col / 200 + row / 300) % 5 == 0 || x == 7 { UNKNOWN } else { 1.0 + (x % 50) as f32 }
}

fn values(window: Window) -> Vec<f32> {
    let rows = window.row..window.end_row();
    rows.flat_map(|row| (window.col..window.end_col()).map(move |col| value(col, row))).collect()
}

/// A piece of some windows of a grid.
fn piece(folder: &std::path::Path, name: &str, frame: &Frame, spec: &WriteSpec, windows: &[Window]) -> Piece {
    let mut writer = GeoTiffWriter::create(&folder.join("grid.tif"), frame, spec).unwrap();
    windows.iter().for_each(|window| writer.write(*window, &values(*window)).unwrap());
    let path = folder.join(name);
    let written = writer.finish_piece(&path).unwrap();
    let piece = Piece::open(&path).unwrap();
    assert_eq!(std::fs::metadata(&path).unwrap().len(), written.bytes);
    assert_eq!(piece.crc32().unwrap(), written.crc32);
    piece
}

#[test]
fn pieces_taken_over_in_any_order_give_the_bytes_of_one_writer() {
    // Three levels of overviews, edges that are no multiple of anything, bands of one to three rows of tiles.
    let frame = frame_utm(1700, 3333, 10.0);
    let folder = tempfile::tempdir().unwrap();
    let band = |from: i64, to: i64| Window::new(0, from, frame.n_cols, (to - from) as usize);
    let bands = [band(0, 512), band(512, 2048), band(2048, 2560), band(2560, 3333)];
    for (n, (spec, compression)) in [
        (WriteSpec::quantity("q", "m"), Compression::Deflate),
        (WriteSpec::quantity("q", "m"), Compression::None),
        (WriteSpec::classes("c"), Compression::Zstd),
    ]
    .into_iter()
    .enumerate()
    {
        let spec = WriteSpec { compression, ..spec };
        let whole = folder.path().join(format!("whole{n}.tif"));
        let mut writer = GeoTiffWriter::create(&whole, &frame, &spec).unwrap();
        writer.write(frame.window(), &values(frame.window())).unwrap();
        writer.finish().unwrap();
        let piece = |i: usize| {
            // The order and shape of windows does not show in a piece.
            let halves: Vec<Window> = bands[i].pieces(900, 700).collect();
            let one = piece(folder.path(), &format!("{i}.piece"), &frame, &spec, &[bands[i]]);
            let backward: Vec<Window> = halves.into_iter().rev().collect();
            piece(folder.path(), "other", &frame, &spec, &backward);
            let read = |name: &str| std::fs::read(folder.path().join(name)).unwrap();
            assert!(read("other") == read(&format!("{i}.piece")));
            one
        };
        let pieces: Vec<Piece> = (0..bands.len()).map(piece).collect();
        let put = folder.path().join("put.tif");
        let mut writer = GeoTiffWriter::create(&put, &frame, &spec).unwrap();
        // Two are taken over, one is written here, one more is taken over.
        writer.absorb(&pieces[3]).unwrap();
        writer.absorb(&pieces[0]).unwrap();
        writer.write(bands[2], &values(bands[2])).unwrap();
        writer.absorb(&pieces[1]).unwrap();
        assert!(writer.absorb(&pieces[1]).unwrap_err().to_string().contains("shard.damaged"));
        writer.finish().unwrap();
        assert!(std::fs::read(&put).unwrap() == std::fs::read(&whole).unwrap(), "{compression:?}");
        // As cells they are what was written, unknown where no piece is.
        let cells = Pieces::new(&frame, &spec, pieces.into_iter().skip(1).collect()).unwrap();
        let window = Window::new(-5, 300, 1800, 2500);
        let read = cells.read_vec(window).unwrap();
        for row in window.row..window.end_row() {
            for col in window.col..window.end_col() {
                let is_there = row >= 512 && (0..1700).contains(&col);
                let expected = if is_there { value(col, row) } else { UNKNOWN };
                assert_eq!(read[window.offset(col, row)].to_bits(), expected.to_bits(), "{col} {row}");
            }
        }
    }
}

#[test]
fn pieces_of_other_grids_and_broken_ones_are_refused() {
    let frame = frame_utm(600, 700, 10.0);
    let folder = tempfile::tempdir().unwrap();
    let spec = WriteSpec::quantity("q", "m");
    let whole = [frame.window()];
    let made = piece(folder.path(), "a.piece", &frame, &spec, &whole);
    let zstd = WriteSpec { compression: Compression::Zstd, ..spec.clone() };
    for (frame, spec) in [(frame_utm(600, 1300, 10.0), spec.clone()), (frame, zstd)] {
        let mut writer = GeoTiffWriter::create(&folder.path().join("b.tif"), &frame, &spec).unwrap();
        assert!(writer.absorb(&made).unwrap_err().to_string().contains("another grid"));
    }
    let bytes = std::fs::read(folder.path().join("a.piece")).unwrap();
    let broken = folder.path().join("broken.piece");
    for end in [0, 10, 24, bytes.len() / 2, bytes.len() - 1] {
        std::fs::write(&broken, &bytes[..end]).unwrap();
        assert!(Piece::open(&broken).unwrap_err().to_string().contains("shard.damaged"), "{end}");
    }
    // Any byte of the table turned is seen at once.
    for back in [25, 60, 100] {
        let mut bytes = bytes.clone();
        let at = bytes.len() - back;
        bytes[at] ^= 4;
        std::fs::write(&broken, &bytes).unwrap();
        assert!(Piece::open(&broken).unwrap_err().to_string().contains("shard.damaged"), "{back}");
    }
}
