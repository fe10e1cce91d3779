//! TIFF files assembled byte by byte, so that every layout has a fixture whose values can be worked by hand.

use std::collections::BTreeMap;

/// One image of a file: its tags and its blocks.
#[derive(Clone)]
pub struct Image {
    tags: BTreeMap<u16, (u16, Vec<u64>)>,
    blocks: Vec<Vec<u8>>,
}

/// How the numbers of a file are written.
#[derive(Clone, Copy)]
pub struct Form {
    pub big_endian: bool,
    pub big_tiff: bool,
}

pub const CLASSIC: Form = Form { big_endian: false, big_tiff: false };

impl Image {
    /// An image of one band in UTM 36N with 30 m cells, uncompressed; `blocks` are its strips of `rows` rows.
    pub fn strips(size: (u64, u64), bits: u64, format: u64, rows: u64, blocks: Vec<Vec<u8>>) -> Self {
        let mut image = Self { tags: BTreeMap::new(), blocks };
        let (n_cols, n_rows) = size;
        for (tag, value) in
            [(256, n_cols), (257, n_rows), (258, bits), (259, 1), (277, 1), (278, rows), (339, format)]
        {
            image = image.with(tag, 4, &[value]);
        }
        image
            .doubles(33550, &[30.0, 30.0, 0.0])
            .doubles(33922, &[0.0, 0.0, 0.0, 500_000.0, 5_500_000.0, 0.0])
            .with(34735, 3, &[1, 1, 0, 2, 1024, 0, 1, 1, 3072, 0, 1, 32636])
    }

    /// The same in tiles.
    pub fn tiles(size: (u64, u64), bits: u64, format: u64, tile: (u64, u64), blocks: Vec<Vec<u8>>) -> Self {
        let image = Self::strips(size, bits, format, 1, blocks);
        image.without(278).with(322, 4, &[tile.0]).with(323, 4, &[tile.1])
    }

    pub fn with(mut self, tag: u16, kind: u16, values: &[u64]) -> Self {
        self.tags.insert(tag, (kind, values.to_vec()));
        self
    }

    pub fn doubles(self, tag: u16, values: &[f64]) -> Self {
        let bits: Vec<u64> = values.iter().map(|value| value.to_bits()).collect();
        self.with(tag, 12, &bits)
    }

    pub fn text(self, tag: u16, text: &str) -> Self {
        let bytes: Vec<u64> = text.bytes().chain([0]).map(u64::from).collect();
        self.with(tag, 2, &bytes)
    }

    pub fn without(mut self, tag: u16) -> Self {
        self.tags.remove(&tag);
        self
    }
}

/// The file of these images, one directory after the other. A block without bytes is sparse: offset 0.
pub fn file(form: Form, images: &[Image]) -> Vec<u8> {
    let word = if form.big_tiff { 8 } else { 4 };
    let mut out = match form.big_endian {
        true => b"MM".to_vec(),
        false => b"II".to_vec(),
    };
    put(&mut out, form, 2, if form.big_tiff { 43 } else { 42 });
    if form.big_tiff {
        put(&mut out, form, 2, 8);
        put(&mut out, form, 2, 0);
    }
    let mut link = out.len();
    put(&mut out, form, word, 0);
    for image in images {
        let mut tags = image.tags.clone();
        let places = image.blocks.iter().map(|block| {
            let at = out.len() as u64;
            out.extend(block);
            if block.is_empty() { 0 } else { at }
        });
        let (offsets, counts) = if tags.contains_key(&322) { (324, 325) } else { (273, 279) };
        let kind = if form.big_tiff { 16 } else { 4 };
        let places: Vec<u64> = places.collect();
        let sizes: Vec<u64> = image.blocks.iter().map(|block| block.len() as u64).collect();
        tags.entry(offsets).or_insert((kind, places));
        tags.entry(counts).or_insert((4, sizes));
        let mut entries = Vec::new();
        for (tag, (kind, values)) in &tags {
            let width = match kind {
                1 | 2 => 1,
                3 => 2,
                4 => 4,
                _ => 8,
            };
            let mut bytes = Vec::new();
            for value in values {
                put(&mut bytes, form, width, *value);
            }
            if bytes.len() > word {
                let at = out.len() as u64;
                out.extend(bytes);
                bytes = Vec::new();
                put(&mut bytes, form, word, at);
            }
            bytes.resize(word, 0);
            entries.push((*tag, *kind, values.len() as u64, bytes));
        }
        let at = out.len() as u64;
        let mut position = Vec::new();
        put(&mut position, form, word, at);
        out[link..link + word].copy_from_slice(&position);
        put(&mut out, form, if form.big_tiff { 8 } else { 2 }, entries.len() as u64);
        for (tag, kind, count, bytes) in entries {
            put(&mut out, form, 2, tag.into());
            put(&mut out, form, 2, kind.into());
            put(&mut out, form, word, count);
            out.extend(bytes);
        }
        link = out.len();
        put(&mut out, form, word, 0);
    }
    out
}

/// Bytes as zlib wraps them.
pub fn zlib(bytes: &[u8]) -> Vec<u8> {
    let mut packer = libdeflater::Compressor::new(libdeflater::CompressionLvl::default());
    let mut out = vec![0; packer.zlib_compress_bound(bytes.len())];
    let n = packer.zlib_compress(bytes, &mut out).unwrap();
    out.truncate(n);
    out
}

fn put(out: &mut Vec<u8>, form: Form, width: usize, value: u64) {
    let little = value.to_le_bytes();
    match form.big_endian {
        true => out.extend(little[..width].iter().rev()),
        false => out.extend(&little[..width]),
    }
}
