//! One band of one image: its blocks, decoded when a window touches them.

use std::ops::Range;
use std::sync::Arc;

use rayon::prelude::*;

use super::cache::{Block, BlockCache};
use super::directory::Source;
use super::layout::Layout;
use super::samples::SampleReader;
use crate::error::Result;
use crate::grid::Window;

/// Bytes of decoded blocks a window may hold at once, beside the cache.
const AT_ONCE_BYTES: usize = 64 << 20;

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

    /// Puts the image's cells that lie in the window into `out`; what lies outside is left as it is.
    pub(super) fn read(&self, window: Window, out: &mut [f32]) -> Result<()> {
        let layout = &self.layout;
        let Some(inside) = window.intersection(&Window::new(0, 0, layout.n_cols, layout.n_rows)) else {
            return Ok(());
        };
        let across = range_of(inside.col, inside.end_col(), layout.block_cols);
        let down = range_of(inside.row, inside.end_row(), layout.block_rows);
        let places: Vec<(usize, usize)> =
            down.flat_map(|down| across.clone().map(move |across| (across, down))).collect();
        let at_once = (AT_ONCE_BYTES / block_bytes(layout)).max(1);
        for places in places.chunks(at_once) {
            let blocks: Vec<Result<Block>> = match places {
                [one] => vec![self.block(*one)],
                many => many.par_iter().map(|&place| self.block(place)).collect(),
            };
            for (&place, block) in places.iter().zip(blocks) {
                if let Some(cells) = block? {
                    self.copy(place, &cells, window, inside, out);
                }
            }
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
        let layout = &self.layout;
        let Some((at, n)) = layout.place(self.band, across, down) else {
            return Ok(None);
        };
        let mut packed = vec![0; n as usize];
        self.source.read(&mut packed, at)?;
        let row_bytes = layout.row_bytes();
        let mut bytes = vec![0; layout.block_rows * row_bytes];
        let describe = |why: &str| {
            let (name, col, row) =
                (layout.codec.name(), across * layout.block_cols, down * layout.block_rows);
            self.source.damaged(format!("a {name} block at column {col}, row {row} that is {why}"))
        };
        let filled = layout
            .codec
            .decompress(&packed, &mut bytes)
            .map_err(|e| describe(&format!("not readable ({e})")))?;
        let n_rows = layout.rows_in_block(down);
        if filled < n_rows * row_bytes {
            return Err(describe("too short"));
        }
        let mut cells = vec![0.0; n_rows * layout.block_cols];
        let mut spare = Vec::new();
        let width = layout.sample.n_bits() / 8;
        let rows = bytes.chunks_exact_mut(row_bytes).zip(cells.chunks_exact_mut(layout.block_cols));
        for (row, out) in rows {
            layout.predictor.undo(row, layout.stride(), width, self.source.big_endian, &mut spare);
            self.samples.read_row(row, out);
        }
        Ok(Some(Arc::new(cells)))
    }

    fn copy(&self, place: (usize, usize), cells: &[f32], window: Window, inside: Window, out: &mut [f32]) {
        let (across, down) = place;
        let block = Window::new(
            (across * self.layout.block_cols) as i64,
            (down * self.layout.block_rows) as i64,
            self.layout.block_cols,
            cells.len() / self.layout.block_cols,
        );
        let part = block.intersection(&inside).expect("the window touches the block");
        for row in part.row..part.end_row() {
            let from = block.offset(part.col, row);
            let to = window.offset(part.col, row);
            out[to..to + part.n_cols].copy_from_slice(&cells[from..from + part.n_cols]);
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
