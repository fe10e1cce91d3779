//! One band of one image: its blocks, decoded when a window touches them.

use std::cell::Cell;
use std::ops::Range;
use std::sync::Arc;

use rayon::prelude::*;

use super::cache::{Block, BlockCache};
use super::directory::Source;
use super::layout::Layout;
use super::samples::SampleReader;
use crate::error::Result;
use crate::grid::{UNKNOWN, Window};
use crate::widest::{Work, widest};

/// Bytes of decoded blocks a window may hold at once, beside the cache.
const AT_ONCE_BYTES: usize = 64 << 20;

/// A thread's working memory is kept from block to block unless a block is larger than this, bytes.
const MOST_KEPT: usize = 8 << 20;

thread_local! {
    static BENCH: Cell<Bench> = const { Cell::new(Bench { packed: Vec::new(), bytes: Vec::new(), spare: Vec::new() }) };
}

/// Working memory for decoding a block.
#[derive(Default)]
struct Bench {
    packed: Vec<u8>,
    bytes: Vec<u8>,
    spare: Vec<u8>,
}

/// One band of an image.
#[derive(Debug)]
pub(super) struct Image {
    source: Arc<Source>,
    layout: Layout,
    band: usize,
    samples: SampleReader,
    cache: BlockCache,
}

impl Image {
    /// A band (from 0) of an image, with room for so many bytes of decoded blocks.
    pub(super) fn new(
        source: Arc<Source>,
        layout: Layout,
        band: usize,
        nodata: Option<f64>,
        cache_bytes: usize,
    ) -> Self {
        let samples = SampleReader {
            sample: layout.sample,
            big_endian: source.big_endian,
            stride: layout.stride(),
            band: if layout.is_planar { 0 } else { band },
            nodata,
        };
        let cache = BlockCache::new(cache_bytes / block_bytes(&layout));
        Self { source, layout, band, samples, cache }
    }

    /// The same band of another image of the file.
    pub(super) fn of_layout(&self, layout: Layout, cache_bytes: usize) -> Self {
        Self::new(Arc::clone(&self.source), layout, self.band, self.samples.nodata, cache_bytes)
    }

    /// The file.
    pub(super) fn source(&self) -> &Source {
        &self.source
    }

    /// Puts the image's cells into `out`; what lies outside the image, or in a sparse block, is unknown.
    pub(super) fn read(&self, window: Window, out: &mut [f32]) -> Result<()> {
        let layout = &self.layout;
        let inside = window.intersection(&Window::new(0, 0, layout.n_cols, layout.n_rows));
        if inside != Some(window) {
            out.fill(UNKNOWN);
        }
        let Some(inside) = inside else {
            return Ok(());
        };
        let before = (inside.row - window.row) as usize * window.n_cols;
        let out = &mut out[before..before + inside.n_rows * window.n_cols];
        let across = range_of(inside.col, inside.end_col(), layout.block_cols);
        let down = range_of(inside.row, inside.end_row(), layout.block_rows);
        // A band is a row of blocks with its part of `out`: bands are filled in parallel.
        let mut bands = Vec::with_capacity(down.len());
        let mut rest = out;
        for down in down {
            let block_row = (down * layout.block_rows) as i64;
            let row = inside.row.max(block_row);
            let end_row = inside.end_row().min(block_row + layout.block_rows as i64);
            let part = Window { row, n_rows: (end_row - row) as usize, ..inside };
            let (band, behind) = rest.split_at_mut(part.n_rows * window.n_cols);
            rest = behind;
            bands.push((down, part, band));
        }
        // Of an image too large to be kept, blocks that lie wholly inside are decoded where their cells belong. Where
        // others lie beside them the window is likely to overlap the next one: there all are kept.
        let is_whole = |from: i64, to: i64, side: usize, all: usize| {
            let (from, to) = (from as usize, to as usize);
            from.is_multiple_of(side) && (to.is_multiple_of(side) || to == all)
        };
        let is_direct = layout.n_across() * layout.n_down() > self.cache.n_blocks()
            && is_whole(inside.col, inside.end_col(), layout.block_cols, layout.n_cols)
            && is_whole(inside.row, inside.end_row(), layout.block_rows, layout.n_rows);
        if is_direct {
            return bands.into_par_iter().try_for_each(|(down, part, band)| {
                let mut blocks: Vec<Vec<&mut [f32]>> = across.clone().map(|_| Vec::new()).collect();
                for line in band.chunks_exact_mut(window.n_cols) {
                    let mut rest = &mut line[(inside.col - window.col) as usize..][..inside.n_cols];
                    for lines in &mut blocks {
                        let (mine, others) = rest.split_at_mut(layout.block_cols.min(rest.len()));
                        lines.push(mine);
                        rest = others;
                    }
                }
                debug_assert!(blocks.iter().all(|lines| lines.len() == part.n_rows));
                across.clone().into_par_iter().zip(blocks).try_for_each(|(across, mut lines)| {
                    if !self.decode_into(across, down, &mut lines)? {
                        lines.iter_mut().for_each(|line| line.fill(UNKNOWN));
                    }
                    Ok(())
                })
            });
        }
        let at_once = (AT_ONCE_BYTES / block_bytes(layout) / across.len().max(1)).max(1);
        for bands in bands.chunks_mut(at_once) {
            bands.par_iter_mut().try_for_each(|(down, part, band)| {
                let blocks: Vec<Result<Block>> = match across.len() {
                    1 => vec![self.block((across.start, *down))],
                    _ => across.clone().into_par_iter().map(|across| self.block((across, *down))).collect(),
                };
                for (across, block) in across.clone().zip(blocks) {
                    self.copy((across, *down), block?.as_deref().map(Vec::as_slice), window, *part, band);
                }
                Result::Ok(())
            })?;
        }
        Ok(())
    }

    /// See [`super::GeoTiff::set_cache_bytes`].
    pub(super) fn set_cache_bytes(&mut self, bytes: usize) {
        self.cache = BlockCache::new(bytes / block_bytes(&self.layout));
    }

    /// See [`super::GeoTiff::cache_bytes_for_rows`].
    pub(super) fn cache_bytes_for_rows(&self, n_rows: usize) -> usize {
        // Windows that are not aligned to the blocks touch one row of blocks more.
        let down = n_rows.div_ceil(self.layout.block_rows).saturating_add(1);
        down.saturating_mul(self.layout.n_across()).saturating_mul(block_bytes(&self.layout))
    }

    fn block(&self, (across, down): (usize, usize)) -> Result<Block> {
        let index = down * self.layout.n_across() + across;
        self.cache.get(index, || self.decode(across, down))
    }

    fn decode(&self, across: usize, down: usize) -> Result<Block> {
        let n_cols = self.layout.block_cols;
        let mut cells = vec![0.0; self.layout.rows_in_block(down) * n_cols];
        let mut lines: Vec<&mut [f32]> = cells.chunks_exact_mut(n_cols).collect();
        let is_there = self.decode_into(across, down, &mut lines)?;
        Ok(is_there.then(|| Arc::new(cells)))
    }

    /// Decodes a block into lines of cells, as many columns of it as they hold; `false` where it is sparse.
    fn decode_into(&self, across: usize, down: usize, lines: &mut [&mut [f32]]) -> Result<bool> {
        let layout = &self.layout;
        let Some((at, n)) = layout.place(self.band, across, down) else {
            return Ok(false);
        };
        let row_bytes = layout.row_bytes();
        let mut bench = BENCH.take();
        let Bench { packed, bytes, spare } = &mut bench;
        packed.resize(n as usize, 0);
        self.source.read(packed, at)?;
        bytes.resize(layout.block_rows * row_bytes, 0);
        let describe = |why: &str| {
            let (name, col, row) =
                (layout.codec.name(), across * layout.block_cols, down * layout.block_rows);
            self.source.damaged(format!("a {name} block at column {col}, row {row} that is {why}"))
        };
        let filled =
            layout.codec.decompress(packed, bytes).map_err(|e| describe(&format!("not readable ({e})")))?;
        if filled < layout.rows_in_block(down) * row_bytes {
            return Err(describe("too short"));
        }
        widest(Lines { image: self, bytes, spare, lines });
        if bench.packed.len().max(bench.bytes.len()) <= MOST_KEPT {
            BENCH.set(bench);
        }
        Ok(true)
    }

    /// Copies the cells of a block, unknown where it is sparse, into a band: `part` of the window's rows.
    fn copy(
        &self,
        place: (usize, usize),
        cells: Option<&[f32]>,
        window: Window,
        part: Window,
        band: &mut [f32],
    ) {
        let (across, down) = place;
        let (cols, rows) = (self.layout.block_cols, self.layout.block_rows);
        let block = Window::new((across * cols) as i64, (down * rows) as i64, cols, rows);
        let both = block.intersection(&part).expect("the window touches the block");
        for row in both.row..both.end_row() {
            let to = (row - part.row) as usize * window.n_cols + (both.col - window.col) as usize;
            let to = &mut band[to..to + both.n_cols];
            match cells {
                Some(cells) => {
                    let from = block.offset(both.col, row);
                    to.copy_from_slice(&cells[from..from + both.n_cols]);
                }
                None => to.fill(UNKNOWN),
            }
        }
    }
}

/// A decompressed block's rows on their way to cells.
struct Lines<'a, 'b> {
    image: &'a Image,
    bytes: &'a mut [u8],
    spare: &'a mut Vec<u8>,
    lines: &'a mut [&'b mut [f32]],
}

impl Work for Lines<'_, '_> {
    #[inline(always)]
    fn run(self) {
        let (layout, big_endian) = (&self.image.layout, self.image.source.big_endian);
        let width = layout.sample.n_bits() / 8;
        for (row, line) in self.bytes.chunks_exact_mut(layout.row_bytes()).zip(self.lines) {
            layout.predictor.undo(row, layout.stride(), width, big_endian, self.spare);
            self.image.samples.read_row(row, line);
        }
    }
}

/// Blocks of `side` cells that hold the cells from `from` to before `to`.
fn range_of(from: i64, to: i64, side: usize) -> Range<usize> {
    from as usize / side..(to as usize).div_ceil(side)
}

/// Bytes of a block once decoded.
fn block_bytes(layout: &Layout) -> usize {
    layout.block_cols.saturating_mul(layout.block_rows).saturating_mul(4).max(1)
}
