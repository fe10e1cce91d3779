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
    #[inline(always)]
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
                1 => add_before(row, stride, spare),
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
                add_before(row, stride, spare);
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

#[inline(always)]
fn add_before(row: &mut [u8], stride: usize, spare: &mut Vec<u8>) {
    if stride == 1 {
        running_sums(row, spare);
        row.copy_from_slice(spare);
    } else {
        for i in stride..row.len() {
            row[i] = row[i].wrapping_add(row[i - stride]);
        }
    }
}

/// Little-endian `f32` of one band.
#[inline(always)]
fn undo_singles(row: &mut [u8], spare: &mut Vec<u8>) {
    running_sums(row, spare);
    let (high, low) = spare.split_at(spare.len() / 2);
    let ((a, b), (c, d)) = (high.split_at(high.len() / 2), low.split_at(low.len() / 2));
    for ((((sample, a), b), c), d) in row.as_chunks_mut::<4>().0.iter_mut().zip(a).zip(b).zip(c).zip(d) {
        *sample = u32::from_be_bytes([*a, *b, *c, *d]).to_le_bytes();
    }
}

/// Bytes whose sums are known before those behind them are added.
const REACH: usize = 64;

/// The sum of each byte and all before it, into `sums`; `bytes` are used up. One after the other the sums would take a
/// step a byte. Here sums over the last 2, 4, …, [`REACH`] bytes are made of each other, many at once (Hillis & Steele
/// 1986), and then added group by group.
#[inline(always)]
fn running_sums(bytes: &mut [u8], sums: &mut Vec<u8>) {
    sums.resize(bytes.len(), 0);
    let mut so_far = [0u8; REACH];
    if bytes.len() >= REACH {
        double(bytes, sums, 1);
        double(sums, bytes, 2);
        double(bytes, sums, 4);
        double(sums, bytes, 8);
        double(bytes, sums, 16);
        double(sums, bytes, 32);
    } else {
        (1..bytes.len()).for_each(|i| bytes[i] = bytes[i].wrapping_add(bytes[i - 1]));
    }
    let (groups, rest) = bytes.as_chunks::<REACH>();
    let (groups_to, rest_to) = sums.as_chunks_mut::<REACH>();
    for (to, group) in groups_to.iter_mut().zip(groups) {
        so_far = std::array::from_fn(|i| so_far[i].wrapping_add(group[i]));
        *to = so_far;
    }
    for ((to, sum), byte) in rest_to.iter_mut().zip(so_far).zip(rest) {
        *to = sum.wrapping_add(*byte);
    }
}

/// Sums over the last `n` bytes become those over the last `2n`.
#[inline(always)]
fn double(of_n: &[u8], out: &mut [u8], n: usize) {
    out[..n].copy_from_slice(&of_n[..n]);
    for ((out, late), early) in out[n..].iter_mut().zip(&of_n[n..]).zip(of_n) {
        *out = late.wrapping_add(*early);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_are_undone_whatever_the_length() {
        for n in (1..70).chain([127, 128, 129, 191, 192, 2048, 2051]) {
            let samples: Vec<u8> = (0..n).map(|i: usize| (i * i * 31 + i / 7) as u8).collect();
            let (mut row, mut spare) = (vec![0; n], vec![9; 5]);
            subtract_before(&samples, &mut row);
            Predictor::Horizontal.undo(&mut row, 1, 1, false, &mut spare);
            assert_eq!(row, samples, "{n} bytes");

            let values: Vec<f32> = samples.iter().map(|byte| f32::from(*byte).sqrt() - 7.0).collect();
            let mut row = vec![0; 4 * n];
            floating_point_row(&values, &mut spare, &mut row);
            Predictor::FloatingPoint.undo(&mut row, 1, 4, false, &mut spare);
            let read: Vec<f32> = row.as_chunks().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect();
            assert_eq!(read, values, "{n} values");
        }
    }
}
