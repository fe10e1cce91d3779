//! Samples as they lie in a block to cells: `f32`, nodata and what is not finite unknown.

use super::facts::SampleType;
use crate::grid::{UNKNOWN, canonical};

/// How the samples of one band are turned into cells.
#[derive(Debug, Clone, Copy)]
pub(super) struct SampleReader {
    pub(super) sample: SampleType,
    pub(super) big_endian: bool,
    /// Samples of a pixel in the block, and which of them is meant.
    pub(super) stride: usize,
    pub(super) band: usize,
    pub(super) nodata: Option<f64>,
}

impl SampleReader {
    /// The cells of one row of a block.
    #[inline(always)]
    pub(super) fn read_row(&self, row: &[u8], out: &mut [f32]) {
        // A whole number equals its nodata value exactly or never; NaN equals nothing and is unknown anyway.
        let nodata = self.nodata.unwrap_or(f64::NAN);
        let nodata_f32 = nodata as f32;
        let whole = |value: f64| if value == nodata { UNKNOWN } else { value as f32 };
        let double = |value: f64| if value == nodata { UNKNOWN } else { canonical(value as f32) };
        let single = |value: f32| if value == nodata_f32 { UNKNOWN } else { canonical(value) };
        match (self.sample, self.big_endian) {
            (SampleType::Bit, _) => self.read_bits(row, out),
            (SampleType::U8, _) => self.each(row, out, |[v]| whole(f64::from(v))),
            (SampleType::I8, _) => self.each(row, out, |[v]| whole(f64::from(v.cast_signed()))),
            (SampleType::U16, true) => self.each(row, out, |v| whole(u16::from_be_bytes(v).into())),
            (SampleType::U16, false) => self.each(row, out, |v| whole(u16::from_le_bytes(v).into())),
            (SampleType::I16, true) => self.each(row, out, |v| whole(i16::from_be_bytes(v).into())),
            (SampleType::I16, false) => self.each(row, out, |v| whole(i16::from_le_bytes(v).into())),
            (SampleType::U32, true) => self.each(row, out, |v| whole(u32::from_be_bytes(v).into())),
            (SampleType::U32, false) => self.each(row, out, |v| whole(u32::from_le_bytes(v).into())),
            (SampleType::I32, true) => self.each(row, out, |v| whole(i32::from_be_bytes(v).into())),
            (SampleType::I32, false) => self.each(row, out, |v| whole(i32::from_le_bytes(v).into())),
            (SampleType::F32, true) => self.each(row, out, |v| single(f32::from_be_bytes(v))),
            (SampleType::F32, false) => self.each(row, out, |v| single(f32::from_le_bytes(v))),
            (SampleType::F64, true) => self.each(row, out, |v| double(f64::from_be_bytes(v))),
            (SampleType::F64, false) => self.each(row, out, |v| double(f64::from_le_bytes(v))),
        }
    }

    #[inline(always)]
    fn each<const N: usize>(&self, row: &[u8], out: &mut [f32], cell: impl Fn([u8; N]) -> f32) {
        let samples = row.as_chunks::<N>().0;
        if self.stride == 1 {
            for (out, sample) in out.iter_mut().zip(samples) {
                *out = cell(*sample);
            }
        } else {
            for (out, sample) in out.iter_mut().zip(samples.iter().skip(self.band).step_by(self.stride)) {
                *out = cell(*sample);
            }
        }
    }

    fn read_bits(&self, row: &[u8], out: &mut [f32]) {
        for (i, out) in out.iter_mut().enumerate() {
            let bit = i * self.stride + self.band;
            let value = f64::from(row[bit / 8] >> (7 - bit % 8) & 1);
            *out = if self.nodata == Some(value) { UNKNOWN } else { value as f32 };
        }
    }
}
