//! Pieces: what a writer has taken so far, in a file of its own, for another writer to take over.
//!
//! Several processes each write some windows of one grid. Each leaves its finished tiles, compressed as they will stand
//! in the grid, and of every tile that still waits for cells of others what there is. A writer that absorbs all pieces
//! copies tiles and computes only the overview tiles that lie across pieces; its file has the bytes of one written in one
//! go. A piece's bytes depend on the cells alone, not on the order in which they came.
//!
//! ```text
//! tiles of level 0, 1, …, each as in the grid with its leader and trailer, row by row
//! waiting tiles (zstd of little-endian f32)
//! table (words of 8 bytes)      levels → tiles (index, place, length), waiting (…, cells missing); statistics
//! place of the table, CRC-32 of it, magic (words of 8 bytes)
//! ```

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use libdeflater::Crc;
use rayon::prelude::*;

use super::head::{LEADER, TRAILER};
use super::level::Level;
use super::pack::TileCells;
use super::stats::Stats;
use super::{Compression, GeoTiffWriter, OverviewKind, TILE, WriteSample, WriteSpec};
use crate::error::{Error, Fault, Result};
use crate::grid::{CellStore, Cells, Frame, UNKNOWN, Window};
use crate::io::atomic::{beside, put_in_place};
use crate::io::file_at::read_exact_at;

const MAGIC: u64 = u64::from_le_bytes(*b"clwypce1");

/// Bytes behind the table.
const TAIL: u64 = 24;

/// A piece as written: what it takes to know it again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PieceWritten {
    /// Size.
    pub bytes: u64,
    /// CRC-32 of all of it.
    pub crc32: u32,
}

/// An opened piece.
#[derive(Debug)]
pub struct Piece {
    path: PathBuf,
    file: File,
    /// Of what is written, [`kind_of`] it.
    kind: [u64; 4],
    levels: Vec<PieceLevel>,
    /// Of the done tiles of level 0, in their order.
    stats: Vec<Stats>,
}

#[derive(Debug, Default)]
struct PieceLevel {
    n_cols: u64,
    n_rows: u64,
    /// Rising by index.
    done: Vec<Place>,
    waiting: Vec<Place>,
}

/// Where a tile lies in the file.
#[derive(Debug, Clone, Copy)]
struct Place {
    index: usize,
    at: u64,
    n: usize,
    n_missing: usize,
}

impl GeoTiffWriter {
    /// Writes what was taken so far as a piece instead of the grid.
    pub fn finish_piece(self, path: &Path) -> Result<PieceWritten> {
        let mut file = beside(path)?;
        let written = self.write_piece(file.as_file_mut()).map_err(Error::io("write", path))?;
        put_in_place(file, path)?;
        Ok(written)
    }

    fn write_piece(&self, file: &mut File) -> io::Result<PieceWritten> {
        let mut out = Counted { out: BufWriter::with_capacity(1 << 20, file), crc: Crc::new(), n: 0 };
        let mut table: Vec<u64> = kind_of(&self.spec).to_vec();
        table.push(self.levels.len() as u64);
        for level in &self.levels {
            table.extend([level.n_cols as u64, level.n_rows as u64]);
            let places = out.n;
            let lengths: Vec<(usize, u32)> = level.done_tiles().collect();
            level.copy_done(&mut out)?;
            table.push(lengths.len() as u64);
            let mut at = places;
            for (index, n) in lengths {
                table.extend([index as u64, at, u64::from(n)]);
                at += u64::from(n);
            }
            let waiting = level.waiting_tiles();
            table.push(waiting.len() as u64);
            for (index, cells, n_missing) in waiting {
                let bytes: Vec<u8> = cells.iter().flat_map(|cell| cell.to_le_bytes()).collect();
                let packed = zstd::bulk::compress(&bytes, 1)?;
                table.extend([index as u64, out.n, packed.len() as u64, n_missing as u64]);
                out.write_all(&packed)?;
            }
        }
        let done = self.levels[0].done_tiles();
        table.extend(done.flat_map(|(index, _)| self.stats[index].to_words()));
        let bytes: Vec<u8> = table.iter().flat_map(|word| word.to_le_bytes()).collect();
        let tail = [out.n, u64::from(libdeflater::crc32(&bytes)), MAGIC];
        out.write_all(&bytes)?;
        tail.iter().try_for_each(|word| out.write_all(&word.to_le_bytes()))?;
        out.flush()?;
        Ok(PieceWritten { bytes: out.n, crc32: out.crc.sum() })
    }

    /// Takes over the tiles of a piece of the same grid.
    ///
    /// # Errors
    /// A fault where the piece is damaged, of another grid, or holds cells that were written already.
    pub fn absorb(&mut self, piece: &Piece) -> Result<()> {
        let same = |(mine, level): (&Level, &PieceLevel)| {
            (mine.n_cols as u64, mine.n_rows as u64) == (level.n_cols, level.n_rows)
        };
        let are_same = self.levels.iter().zip(&piece.levels).all(same);
        if !are_same || self.levels.len() != piece.levels.len() || piece.kind != kind_of(&self.spec) {
            return Err(piece.damaged("a piece of another grid"));
        }
        let mut bytes = Vec::new();
        for (number, level) in piece.levels.iter().enumerate() {
            for (i, place) in level.done.iter().enumerate() {
                piece.read(*place, &mut bytes)?;
                if self.levels[number].is_done(place.index) {
                    return Err(piece.damaged("cells that another piece holds too"));
                }
                let spooled = self.levels[number].spool().append(&bytes);
                self.levels[number].set_done(place.index, spooled.map_err(Error::io("write", &self.path))?);
                if number == 0 {
                    self.stats[place.index] = piece.stats[i];
                }
            }
        }
        for (number, level) in piece.levels.iter().enumerate() {
            for place in &level.waiting {
                let cells = piece.waiting_cells(*place)?;
                let taken = self.levels[number].merge(place.index, &cells, place.n_missing);
                let Ok(full) = taken else {
                    return Err(piece.damaged("cells that another piece holds too"));
                };
                if let Some(cells) = full {
                    self.finish_tiles(number, vec![(place.index, TileCells::Own(cells))])?;
                }
            }
        }
        Ok(())
    }
}

impl Piece {
    /// Opens a piece and reads its table.
    pub fn open(path: &Path) -> Result<Self> {
        let file = File::open(path).map_err(Error::io("read", path))?;
        let length = file.metadata().map_err(Error::io("read", path))?.len();
        let (path, kind) = (path.to_path_buf(), [0; 4]);
        let mut piece = Self { path, file, kind, levels: Vec::new(), stats: Vec::new() };
        let parsed = piece.parse(length)?;
        if parsed.is_none() {
            return Err(piece.damaged("a damaged or unfinished file"));
        }
        Ok(piece)
    }

    fn parse(&mut self, length: u64) -> Result<Option<()>> {
        let Some(tail_at) = length.checked_sub(TAIL) else { return Ok(None) };
        let mut tail = [0; TAIL as usize];
        self.read_at(&mut tail, tail_at)?;
        let [table_at, crc, magic] = *words_of(&tail) else { return Ok(None) };
        if magic != MAGIC || table_at > tail_at || (tail_at - table_at) % 8 > 0 {
            return Ok(None);
        }
        let mut bytes = vec![0; (tail_at - table_at) as usize];
        self.read_at(&mut bytes, table_at)?;
        if u64::from(libdeflater::crc32(&bytes)) != crc {
            return Ok(None);
        }
        Ok(self.take_table(&words_of(&bytes), table_at))
    }

    fn take_table(&mut self, words: &[u64], table_at: u64) -> Option<()> {
        let mut words = words.iter().copied();
        let mut next = || words.next();
        for word in &mut self.kind {
            *word = next()?;
        }
        for _ in 0..next()? {
            let mut level = PieceLevel { n_cols: next()?, n_rows: next()?, ..PieceLevel::default() };
            let side = TILE as u64;
            let n_tiles = level.n_cols.div_ceil(side) * level.n_rows.div_ceil(side);
            for has_missing in [false, true] {
                for _ in 0..next()? {
                    let (index, at, n) = (next()?, next()?, next()?);
                    let n_missing = if has_missing { next()? as usize } else { 0 };
                    if index >= n_tiles || at.checked_add(n)? > table_at || n < LEADER + TRAILER {
                        return None;
                    }
                    let place = Place { index: index as usize, at, n: n as usize, n_missing };
                    if has_missing { level.waiting.push(place) } else { level.done.push(place) }
                }
            }
            self.levels.push(level);
        }
        for _ in 0..self.levels.first()?.done.len() {
            let mut of_tile = [0; Stats::N_WORDS];
            for word in &mut of_tile {
                *word = next()?;
            }
            self.stats.push(Stats::of_words(of_tile));
        }
        Some(())
    }

    /// The CRC-32 of the whole file.
    pub fn crc32(&self) -> Result<u32> {
        let mut crc = Crc::new();
        let length = self.file.metadata().map_err(Error::io("read", &self.path))?.len();
        let mut buffer = vec![0; 1 << 20];
        for at in (0..length).step_by(buffer.len()) {
            let n = buffer.len().min((length - at) as usize);
            self.read_at(&mut buffer[..n], at)?;
            crc.update(&buffer[..n]);
        }
        Ok(crc.sum())
    }

    /// A fault of the piece.
    pub fn damaged(&self, found: &str) -> Error {
        let place = self.path.display().to_string();
        let fix = "remove it and run its shard again";
        Fault::new("shard.damaged", place, "a piece as its shard wrote it", found, fix).into()
    }

    fn read(&self, place: Place, bytes: &mut Vec<u8>) -> Result<()> {
        bytes.resize(place.n, 0);
        self.read_at(bytes, place.at)
    }

    fn read_at(&self, bytes: &mut [u8], at: u64) -> Result<()> {
        read_exact_at(&self.file, bytes, at).map_err(Error::io("read", &self.path))
    }

    fn waiting_cells(&self, place: Place) -> Result<Vec<f32>> {
        let mut packed = Vec::new();
        self.read(place, &mut packed)?;
        let bytes = zstd::bulk::decompress(&packed, 4 * TILE * TILE).unwrap_or_default();
        if bytes.len() != 4 * TILE * TILE {
            return Err(self.damaged("a tile that is not readable"));
        }
        Ok(bytes.as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect())
    }

    /// The cells of a finished tile of the grid itself, row by row, `TILE` square.
    fn tile(&self, place: Place, spec: &WriteSpec) -> Result<Vec<f32>> {
        let mut packed = Vec::new();
        self.read(place, &mut packed)?;
        let row_bytes = TILE * spec.cell_bytes();
        let mut bytes = vec![0; TILE * row_bytes];
        let packed = &packed[LEADER as usize..packed.len() - TRAILER as usize];
        if spec.codec().decompress(packed, &mut bytes) != Ok(bytes.len()) {
            return Err(self.damaged("a tile that is not readable"));
        }
        let (mut cells, mut spare) = (vec![UNKNOWN; TILE * TILE], Vec::new());
        for (row, cells) in bytes.chunks_exact_mut(row_bytes).zip(cells.chunks_exact_mut(TILE)) {
            spec.predictor().undo(row, 1, spec.cell_bytes(), false, &mut spare);
            spec.cells_of_row(row, cells);
        }
        Ok(cells)
    }
}

/// One grid's pieces as cells: where no piece has any, they are unknown. Reads only; what is written to it is dropped,
/// for a step whose planes reach a [`GeoTiffWriter`] by another way.
pub struct Pieces {
    frame: Frame,
    spec: WriteSpec,
    pieces: Vec<Piece>,
    /// By tile: which piece, and which of its tiles.
    places: Vec<Option<(u32, Place)>>,
}

impl Pieces {
    /// Of a grid on `frame` written by `spec`, whose pieces these are.
    pub fn new(frame: &Frame, spec: &WriteSpec, pieces: Vec<Piece>) -> Result<Self> {
        let mut places = vec![None; frame.n_cols.div_ceil(TILE) * frame.n_rows.div_ceil(TILE)];
        for (number, piece) in pieces.iter().enumerate() {
            let level = &piece.levels[0];
            let is_same = (level.n_cols, level.n_rows) == (frame.n_cols as u64, frame.n_rows as u64);
            if !is_same || piece.kind != kind_of(spec) || !level.waiting.is_empty() {
                return Err(piece.damaged("a piece of another grid"));
            }
            level.done.iter().for_each(|place| places[place.index] = Some((number as u32, *place)));
        }
        Ok(Self { frame: frame.clone(), spec: spec.clone(), pieces, places })
    }
}

impl Cells for Pieces {
    fn frame(&self) -> &Frame {
        &self.frame
    }

    fn read(&self, window: Window, out: &mut [f32]) -> Result<()> {
        let Some(inside) = window.clipped(&self.frame) else {
            out.fill(UNKNOWN);
            return Ok(());
        };
        if inside != window {
            out.fill(UNKNOWN);
        }
        let across = inside.col as usize / TILE..(inside.end_col() as usize).div_ceil(TILE);
        let n_across = self.frame.n_cols.div_ceil(TILE);
        // A row of tiles at a time: its lines are those of no other.
        let mut rest = &mut out[(inside.row - window.row) as usize * window.n_cols..];
        let mut lines = Vec::new();
        for down in inside.row as usize / TILE..(inside.end_row() as usize).div_ceil(TILE) {
            let (from, to) = ((down * TILE) as i64, ((down + 1) * TILE) as i64);
            let (from, to) = (inside.row.max(from), inside.end_row().min(to));
            let (mine, behind) = rest.split_at_mut((to - from) as usize * window.n_cols);
            rest = behind;
            lines.push((down, Window::new(window.col, from, window.n_cols, (to - from) as usize), mine));
        }
        lines.into_par_iter().try_for_each(|(down, band, out)| {
            let cols = across.clone().into_par_iter();
            let tiles: Vec<(usize, Option<Vec<f32>>)> = cols
                .map(|across| {
                    let place = self.places[down * n_across + across];
                    let tile =
                        place.map(|(piece, place)| self.pieces[piece as usize].tile(place, &self.spec));
                    Ok((across, tile.transpose()?))
                })
                .collect::<Result<_>>()?;
            for (across, tile) in tiles {
                let whole = Window::new((across * TILE) as i64, (down * TILE) as i64, TILE, TILE);
                let part = whole.intersection(&band).and_then(|part| part.clipped(&self.frame));
                let part = part.expect("the tile is touched");
                for row in part.row..part.end_row() {
                    let to = &mut out[band.offset(part.col, row)..][..part.n_cols];
                    match &tile {
                        Some(tile) => to.copy_from_slice(&tile[whole.offset(part.col, row)..][..part.n_cols]),
                        None => to.fill(UNKNOWN),
                    }
                }
            }
            Ok(())
        })
    }
}

impl CellStore for Pieces {
    fn write(&self, _: Window, _: &[f32]) -> Result<()> {
        Ok(())
    }
}

/// What must be equal in all pieces of a grid.
fn kind_of(spec: &WriteSpec) -> [u64; 4] {
    let sample = match spec.sample {
        WriteSample::F32 => 0,
        WriteSample::U8 => 1,
    };
    let compression = match spec.compression {
        Compression::Deflate => 0,
        Compression::Zstd => 1,
        Compression::None => 2,
    };
    let overviews = match spec.overviews {
        OverviewKind::Average => 0,
        OverviewKind::Mode => 1,
    };
    [sample, compression, overviews, u64::from(spec.nodata.to_bits())]
}

fn words_of(bytes: &[u8]) -> Vec<u64> {
    bytes.as_chunks::<8>().0.iter().map(|word| u64::from_le_bytes(*word)).collect()
}

/// Counts and sums what goes through.
struct Counted<W> {
    out: W,
    crc: Crc,
    n: u64,
}

impl<W: Write> Write for Counted<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let n = self.out.write(bytes)?;
        self.crc.update(&bytes[..n]);
        self.n += n as u64;
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
