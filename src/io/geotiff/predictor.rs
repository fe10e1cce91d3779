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
            Self::FloatingPoint if width == 4 && stride == 1 && !big_endian => undo_singles(row, spare),
            Self::FloatingPoint => {
                add_before(row, stride);
                gather_planes(row, width, big_endian, spare);
            }
        }
    }
}

/// A row of `f32` under the floating-point predictor into `out`, 4 bytes a value; `spare` is working memory.
#[inline(always)]
pub(super) fn floating_point_row(values: &[f32], spare: &mut Vec<u8>, out: &mut [u8]) {
    let n = values.len();
    spare.resize(4 * n, 0);
    for (plane, shift) in spare.chunks_exact_mut(n).zip([24, 16, 8, 0]) {
        for (byte, value) in plane.iter_mut().zip(values) {
            *byte = (value.to_bits() >> shift) as u8;
        }
    }
    subtract_before(spare, out);
}

/// A row of bytes under the horizontal predictor into `out`.
#[inline(always)]
pub(super) fn subtract_before(row: &[u8], out: &mut [u8]) {
    let (Some(first), Some((to, rest))) = (row.first(), out.split_first_mut()) else { return };
    *to = *first;
    // Two rows apart, so that many differences are taken at once.
    for ((out, byte), before) in rest.iter_mut().zip(&row[1..]).zip(row) {
        *out = byte.wrapping_sub(*before);
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

/// Little-endian `f32` of one band. The sums run on from one plane of bytes to the next; with each plane's total
/// known before, the four are taken side by side.
fn undo_singles(row: &mut [u8], spare: &mut Vec<u8>) {
    spare.clear();
    spare.extend_from_slice(row);
    let (high, low) = spare.split_at(spare.len() / 2);
    let ((a, b), (c, d)) = (high.split_at(high.len() / 2), low.split_at(low.len() / 2));
    let total = |plane: &[u8]| plane.iter().fold(0u8, |sum, byte| sum.wrapping_add(*byte));
    let mut sums = [0, total(a), 0, 0];
    sums[2] = sums[1].wrapping_add(total(b));
    sums[3] = sums[2].wrapping_add(total(c));
    for ((((sample, a), b), c), d) in row.as_chunks_mut::<4>().0.iter_mut().zip(a).zip(b).zip(c).zip(d) {
        for (sum, byte) in sums.iter_mut().zip([a, b, c, d]) {
            *sum = sum.wrapping_add(*byte);
        }
        *sample = [sums[3], sums[2], sums[1], sums[0]];
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
    for (i, sample) in row.chunks_exact_mut(width).enumerate() {
        for (significance, byte) in sample.iter_mut().enumerate() {
            let plane = if big_endian { significance } else { width - 1 - significance };
            *byte = spare[plane * n + i];
        }
    }
}
