//! Runs a loop compiled for the widest vectors of the processor it finds itself on.
//!
//! The one module with `unsafe`: a function compiled for AVX2 or AVX-512 may only be called where the
//! processor has it, which the compiler cannot see and the check before each call does. Wider vectors change
//! no bit: the loops are element by element, and no multiplication is fused with an addition unless asked.
//! Elsewhere (NEON is always there on 64-bit ARM) the loop runs as compiled.
#![allow(unsafe_code)] // see above: two calls, each behind the check that makes it right

/// Calls `work` with the arguments, compiled for the widest vectors there are. `work` must be a function marked
/// `#[inline(always)]`, named and not wrapped in a closure: only what is inlined is compiled anew, and closures
/// need not be.
#[inline(always)]
pub fn widest<F, A: Arguments<F>>(work: F, arguments: A) {
    #[cfg(target_arch = "x86_64")]
    {
        let has_avx2 = std::arch::is_x86_feature_detected!("avx2");
        if has_avx2 && std::arch::is_x86_feature_detected!("avx512f") {
            // SAFETY: the processor has both.
            return unsafe { with_avx512(work, arguments) };
        }
        if has_avx2 {
            // SAFETY: the processor has AVX2.
            return unsafe { with_avx2(work, arguments) };
        }
    }
    arguments.call(work);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx2")]
fn with_avx512<F, A: Arguments<F>>(work: F, arguments: A) {
    arguments.call(work);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn with_avx2<F, A: Arguments<F>>(work: F, arguments: A) {
    arguments.call(work);
}

/// A tuple of arguments for a function.
pub trait Arguments<F> {
    /// Calls the function with them.
    fn call(self, work: F);
}

macro_rules! arguments {
    ($($argument:ident)*) => {
        impl<F: FnOnce($($argument),*), $($argument),*> Arguments<F> for ($($argument,)*) {
            #[inline(always)]
            #[allow(non_snake_case)] // one name for a type and its value
            fn call(self, work: F) {
                let ($($argument,)*) = self;
                work($($argument),*);
            }
        }
    };
}

arguments!(A B C);
arguments!(A B C D);
arguments!(A B C D E G);
