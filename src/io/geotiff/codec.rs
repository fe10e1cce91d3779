//! Compression of one block: bytes in, bytes out.
//!
//! Decoders fill a buffer of the size the file's tags declare and never more, so that a small hostile file
//! cannot take memory it has not paid for (see [`Codec::max_expansion`]).

use std::cell::RefCell;

use libdeflater::{CompressionLvl, Compressor, Decompressor};
use weezl::BitOrder;

/// How blocks are compressed on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Codec {
    None,
    Lzw,
    Deflate,
    Zstd,
    PackBits,
}

impl Codec {
    /// The codec of the TIFF tag's number.
    pub(super) fn from_tag(number: u64) -> Option<Self> {
        match number {
            1 => Some(Self::None),
            5 => Some(Self::Lzw),
            // 32946 is the number deflate had before TIFF's supplement 2.
            8 | 32946 => Some(Self::Deflate),
            50000 => Some(Self::Zstd),
            32773 => Some(Self::PackBits),
            _ => None,
        }
    }

    /// The TIFF tag's number.
    pub(super) fn tag(self) -> u16 {
        match self {
            Self::None => 1,
            Self::Lzw => 5,
            Self::Deflate => 8,
            Self::Zstd => 50000,
            Self::PackBits => 32773,
        }
    }

    /// Its name in messages.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Lzw => "lzw",
            Self::Deflate => "deflate",
            Self::Zstd => "zstd",
            Self::PackBits => "packbits",
        }
    }

    /// The most bytes one compressed byte can stand for, rounded up: what a block declares beyond that is a lie
    /// told before memory is taken.
    pub(super) fn max_expansion(self) -> u64 {
        match self {
            Self::None => 1,
            Self::PackBits => 64,   // 2 bytes for a run of 128
            Self::Deflate => 1_100, // 1032 by its format
            Self::Lzw => 3_000,     // 12 bits for a string of at most 4096
            Self::Zstd => 45_000,   // a run block: 4 bytes for 128 KiB
        }
    }

    /// Decompresses a block into `out`; returns how many bytes of it were filled.
    pub(super) fn decompress(self, bytes: &[u8], out: &mut [u8]) -> Result<usize, String> {
        thread_local! {
            static INFLATE: RefCell<Decompressor> = RefCell::new(Decompressor::new());
            static UNZSTD: RefCell<Option<zstd::bulk::Decompressor<'static>>> = const { RefCell::new(None) };
        }
        match self {
            Self::None => {
                let n = bytes.len().min(out.len());
                out[..n].copy_from_slice(&bytes[..n]);
                Ok(n)
            }
            Self::Deflate => INFLATE
                .with(|inflate| inflate.borrow_mut().zlib_decompress(bytes, out))
                .map_err(|e| e.to_string()),
            Self::Zstd => UNZSTD.with_borrow_mut(|kept| {
                if kept.is_none() {
                    *kept = Some(zstd::bulk::Decompressor::new().map_err(|e| e.to_string())?);
                }
                let unpacker = kept.as_mut().expect("just made");
                unpacker.decompress_to_buffer(bytes, out).map_err(|e| e.to_string())
            }),
            Self::Lzw => unpack_lzw(bytes, out),
            Self::PackBits => unpack_bits(bytes, out),
        }
    }
}

/// Compresses blocks one after the other, with its tables kept.
pub(super) enum Packer {
    None,
    Deflate(Compressor),
    Zstd(zstd::bulk::Compressor<'static>),
}

impl Packer {
    /// A packer for a codec that is written. The levels were chosen by measurement on our own grids under the
    /// floating-point predictor: deflate 4 takes two thirds of level 6's time for 1 % more bytes, zstd 1 two
    /// thirds of level 3's for 2 %.
    pub(super) fn new(codec: Codec) -> std::io::Result<Self> {
        Ok(match codec {
            Codec::Deflate => {
                Self::Deflate(Compressor::new(CompressionLvl::new(4).expect("4 is within 0..12")))
            }
            Codec::Zstd => Self::Zstd(zstd::bulk::Compressor::new(1)?),
            Codec::None | Codec::Lzw | Codec::PackBits => Self::None,
        })
    }

    /// The most bytes that `n` bytes become.
    pub(super) fn most_bytes(&mut self, n: usize) -> usize {
        match self {
            Self::None => n,
            Self::Deflate(compressor) => compressor.zlib_compress_bound(n),
            Self::Zstd(_) => zstd::zstd_safe::compress_bound(n),
        }
    }

    /// Puts the compressed bytes into `out`, which has room for the most there can be; tells how many there are.
    pub(super) fn pack(&mut self, bytes: &[u8], out: &mut [u8]) -> std::io::Result<usize> {
        match self {
            Self::None => {
                out[..bytes.len()].copy_from_slice(bytes);
                Ok(bytes.len())
            }
            Self::Deflate(compressor) => compressor.zlib_compress(bytes, out).map_err(std::io::Error::other),
            Self::Zstd(compressor) => compressor.compress_to_buffer(bytes, out),
        }
    }
}

fn unpack_lzw(bytes: &[u8], out: &mut [u8]) -> Result<usize, String> {
    let mut decoder = weezl::decode::Decoder::with_tiff_size_switch(BitOrder::Msb, 8);
    let (mut from, mut filled) = (0, 0);
    while filled < out.len() {
        let step = decoder.decode_bytes(&bytes[from..], &mut out[filled..]);
        from += step.consumed_in;
        filled += step.consumed_out;
        match step.status {
            Ok(weezl::LzwStatus::Ok) if step.consumed_in + step.consumed_out > 0 => {}
            Ok(_) => break,
            Err(e) => return Err(e.to_string()),
        }
    }
    Ok(filled)
}

fn unpack_bits(mut bytes: &[u8], out: &mut [u8]) -> Result<usize, String> {
    let mut filled = 0;
    while filled < out.len() {
        let Some((&head, rest)) = bytes.split_first() else { break };
        let head = i16::from(head.cast_signed());
        bytes = if head == -128 {
            rest
        } else if head < 0 {
            let (&value, rest) = rest.split_first().ok_or("a run without its byte")?;
            let n = ((1 - head) as usize).min(out.len() - filled);
            out[filled..filled + n].fill(value);
            filled += n;
            rest
        } else {
            let n = head as usize + 1;
            let literal = rest.get(..n).ok_or("a literal cut short")?;
            let kept = n.min(out.len() - filled);
            out[filled..filled + kept].copy_from_slice(&literal[..kept]);
            filled += kept;
            &rest[n..]
        };
    }
    Ok(filled)
}
