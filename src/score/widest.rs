//! Runs a loop compiled for the widest vectors of the processor it finds itself on.
//!
//! The one module with `unsafe`: a function compiled for AVX2 or AVX-512 may only be called where the
//! processor has it, which the compiler cannot see and the check before each call does. Wider vectors change
//! no bit: the loops are element by element, and no multiplication is fused with an addition unless asked.
//! Elsewhere (NEON is always there on 64-bit ARM) the loop runs as compiled.
#![allow(unsafe_code)] // see above: two calls, each behind the check that makes it right

/// Runs `work` with the widest vectors there are. `work` must be a loop, or call functions marked
/// `#[inline(always)]`: only what is inlined into it is compiled anew.
#[inline(always)]
pub fn widest<R>(work: impl FnOnce() -> R) -> R {
    #[cfg(target_arch = "x86_64")]
    {
        let has_avx2 = std::arch::is_x86_feature_detected!("avx2");
        if has_avx2 && std::arch::is_x86_feature_detected!("avx512f") {
            // SAFETY: the processor has both.
            return unsafe { with_avx512(work) };
        }
        if has_avx2 {
            // SAFETY: the processor has AVX2.
            return unsafe { with_avx2(work) };
        }
    }
    work()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx2")]
fn with_avx512<R>(work: impl FnOnce() -> R) -> R {
    work()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn with_avx2<R>(work: impl FnOnce() -> R) -> R {
    work()
}
