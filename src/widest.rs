//! Runs a loop compiled for the widest vectors of the processor it finds itself on.
//!
//! The one module with `unsafe`: a function compiled for AVX2 or AVX-512 may only be called where the
//! processor has it, which the compiler cannot see and the check before each call does. Wider vectors change
//! no bit: the loops are element by element, and no multiplication is fused with an addition unless asked, and then on
//! every processor.
//! Elsewhere (NEON is always there on 64-bit ARM) the loop runs as compiled.
#![allow(unsafe_code)] // see above: calls behind the checks that make them right, and a hint to the cache

mod sixteen;

pub use self::sixteen::{Sixteen, SixteenWork, by_sixteen, can_fuse, transposed};

/// A loop over cells with what it works on. [`work!`] makes one of a function.
pub trait Work {
    /// Does it.
    fn run(self);
}

/// Asks for cells that will be needed soon, so that they are on their way while something else is computed.
#[inline(always)]
pub fn fetch_early(cells: &[f32]) {
    fetch::<false>(cells);
}

/// [`fetch_early`], for cells that so much else is read before that only the second cache keeps them.
#[inline(always)]
pub fn fetch_earlier(cells: &[f32]) {
    fetch::<true>(cells);
}

#[inline(always)]
fn fetch<const TO_SECOND: bool>(cells: &[f32]) {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::{_MM_HINT_T0, _MM_HINT_T1, _mm_prefetch};
        const CELLS_A_LINE: usize = 16;
        for line in cells.chunks(CELLS_A_LINE) {
            let line = line.as_ptr().cast();
            // SAFETY: it reads nothing, whatever the address.
            unsafe {
                if TO_SECOND { _mm_prefetch::<_MM_HINT_T1>(line) } else { _mm_prefetch::<_MM_HINT_T0>(line) }
            };
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = cells;
}

/// So many cells before they are needed, stages that look up or count ask for them: reading is then under way while they work.
pub const AHEAD: usize = 1024;

/// So many cells from one on, as far as there are any.
#[inline(always)]
pub fn part_of(cells: &[f32], from: usize, n: usize) -> &[f32] {
    &cells[from.min(cells.len())..(from + n).min(cells.len())]
}

/// Does the work, compiled for the widest vectors there are.
#[inline(always)]
pub fn widest(work: impl Work) {
    #[cfg(target_arch = "x86_64")]
    {
        let has_avx2 = std::arch::is_x86_feature_detected!("avx2");
        if has_avx2 && has_avx512() {
            // SAFETY: the processor has both.
            return unsafe { with_avx512(work) };
        }
        if has_avx2 {
            // SAFETY: the processor has AVX2.
            return unsafe { with_avx2(work) };
        }
    }
    work.run();
}

/// Whether there is AVX-512 with what every processor but the first to have it adds: shorter vectors, bytes and long
/// integers.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn has_avx512() -> bool {
    std::arch::is_x86_feature_detected!("avx512f")
        && std::arch::is_x86_feature_detected!("avx512vl")
        && std::arch::is_x86_feature_detected!("avx512bw")
        && std::arch::is_x86_feature_detected!("avx512dq")
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512vl,avx512bw,avx512dq,avx2")]
fn with_avx512(work: impl Work) {
    work.run();
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn with_avx2(work: impl Work) {
    work.run();
}

/// Makes a [`Work`] of a function marked `#[inline(always)]`: a struct of its arguments. A function or closure
/// handed over as a value would not do: what calls it is compiled without the wide vectors, and then it stays
/// a call.
macro_rules! work {
    ($name:ident = $function:ident($($argument:ident: $kind:ty),* $(,)?)) => {
        struct $name<'a> {
            $($argument: $kind,)*
        }

        impl $crate::widest::Work for $name<'_> {
            #[inline(always)]
            fn run(self) {
                $function($(self.$argument),*);
            }
        }
    };
}

pub(crate) use work;
