//! Predictors: differences along a row, which compress better than the values themselves.
//!
//! 2, horizontal (TIFF 6.0 §14): each sample less the one of the pixel before, as whole numbers of the
//! sample's width. 3, floating point (technical note 3): the bytes of a row sorted by significance, most
//! significant first, then each byte less the one before.

/// Which differences a file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Predictor {
    None,
    Horizontal,
    FloatingPoint,
}

impl Predictor {
    /// The predictor of the TIFF tag's number.
    pub(super) fn from_tag(number: u64) -> Option<Self> {
        match number {
            1 => Some(Self::None),
            2 => Some(Self::Horizontal),
            3 => Some(Self::FloatingPoint),
            _ => None,
        }
    }

    /// The TIFF tag's number.
    pub(super) fn tag(self) -> u16 {
        match self {
            Self::None => 1,
            Self::Horizontal => 2,
            Self::FloatingPoint => 3,
        }
    }

    /// Turns a row of differences into a row of samples, in place. `stride` is the number of samples of a
    /// pixel, `width` the bytes of a sample; after it, samples are in the byte order `big_endian`, as before.
    pub(super) fn undo(
        self,
        row: &mut [u8],
        stride: usize,
        width: usize,
        big_endian: bool,
        spare: &mut Vec<u8>,
    ) {
        match self {
            Self::None => {}
            Self::Horizontal => match width {
                1 => add_before(row, stride),
                2 => add_words(row, stride, |a, b| match big_endian {
                    true => u16::from_be_bytes(a).wrapping_add(u16::from_be_bytes(b)).to_be_bytes(),
                    false => u16::from_le_bytes(a).wrapping_add(u16::from_le_bytes(b)).to_le_bytes(),
                }),
                4 => add_words(row, stride, |a, b| match big_endian {
                    true => u32::from_be_bytes(a).wrapping_add(u32::from_be_bytes(b)).to_be_bytes(),
                    false => u32::from_le_bytes(a).wrapping_add(u32::from_le_bytes(b)).to_le_bytes(),
                }),
                _ => add_words(row, stride, |a, b| match big_endian {
                    true => u64::from_be_bytes(a).wrapping_add(u64::from_be_bytes(b)).to_be_bytes(),
                    false => u64::from_le_bytes(a).wrapping_add(u64::from_le_bytes(b)).to_le_bytes(),
                }),
            },
            Self::FloatingPoint => {
                add_before(row, stride);
                gather_planes(row, width, big_endian, spare);
            }
        }
    }
}

/// Bytes of a tile of little-endian `f32` under the floating-point predictor.
pub(super) fn floating_point_tile(values: impl ExactSizeIterator<Item = f32>, n_cols: usize) -> Vec<u8> {
    let mut out = vec![0; values.len() * 4];
    let mut values = values;
    for row in out.chunks_exact_mut(n_cols * 4) {
        let (high, low) = row.split_at_mut(n_cols * 2);
        let ((a, b), (c, d)) = (high.split_at_mut(n_cols), low.split_at_mut(n_cols));
        for (((a, b), c), d) in a.iter_mut().zip(b).zip(c).zip(d) {
            [*a, *b, *c, *d] = values.next().expect("one value a cell").to_be_bytes();
        }
        subtract_before(row);
    }
    out
}

/// Bytes of a tile of `u8` under the horizontal predictor.
pub(super) fn horizontal_tile(values: impl Iterator<Item = u8>, n_cols: usize) -> Vec<u8> {
    let mut out: Vec<u8> = values.collect();
    out.chunks_exact_mut(n_cols).for_each(subtract_before);
    out
}

fn subtract_before(row: &mut [u8]) {
    let mut before = 0;
    for byte in row {
        let value = *byte;
        *byte = value.wrapping_sub(before);
        before = value;
    }
}

fn add_before(row: &mut [u8], stride: usize) {
    if stride == 1 {
        let mut sum = 0u8;
        for byte in row {
            sum = sum.wrapping_add(*byte);
            *byte = sum;
        }
    } else {
        for i in stride..row.len() {
            row[i] = row[i].wrapping_add(row[i - stride]);
        }
    }
}

fn add_words<const N: usize>(row: &mut [u8], stride: usize, add: impl Fn([u8; N], [u8; N]) -> [u8; N]) {
    let words = row.as_chunks_mut::<N>().0;
    for i in stride..words.len() {
        words[i] = add(words[i], words[i - stride]);
    }
}

fn gather_planes(row: &mut [u8], width: usize, big_endian: bool, spare: &mut Vec<u8>) {
    spare.clear();
    spare.extend_from_slice(row);
    let n = row.len() / width;
    if width == 4 && !big_endian {
        let (a, b, c, d) = (&spare[..n], &spare[n..2 * n], &spare[2 * n..3 * n], &spare[3 * n..4 * n]);
        for (i, sample) in row.as_chunks_mut::<4>().0.iter_mut().enumerate() {
            *sample = [d[i], c[i], b[i], a[i]];
        }
        return;
    }
    for (i, sample) in row.chunks_exact_mut(width).enumerate() {
        for (significance, byte) in sample.iter_mut().enumerate() {
            let plane = if big_endian { significance } else { width - 1 - significance };
            *byte = spare[plane * n + i];
        }
    }
}
