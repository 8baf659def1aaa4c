//! Whether this processor has the instructions.

/// Proof that the processor runs AVX-512 F and AVX-512 IFMA: there is no other way to one than [`Ifma::detect`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ifma(Proof);

/// On processors of other makes the proof has no value, so that a function that takes one is never called.
#[cfg(target_arch = "x86_64")]
type Proof = ();
#[cfg(not(target_arch = "x86_64"))]
type Proof = std::convert::Infallible;

impl Ifma {
    /// Asks the processor and the operating system (which must save the wide registers); `None` without the instructions.
    #[cfg(target_arch = "x86_64")]
    #[must_use]
    pub fn detect() -> Option<Self> {
        let wide = std::arch::is_x86_feature_detected!("avx512f");
        let fused = std::arch::is_x86_feature_detected!("avx512ifma");
        (wide && fused).then_some(Self(()))
    }

    /// `None`: the instructions belong to another architecture.
    #[cfg(not(target_arch = "x86_64"))]
    #[must_use]
    pub fn detect() -> Option<Self> {
        None
    }

    /// Never runs: without the instructions there is no token.
    #[cfg(not(target_arch = "x86_64"))]
    pub(crate) fn absent(self) -> ! {
        match self.0 {}
    }
}

/// Calls `$function` of `$module` with the instructions that the token stands for.
macro_rules! with_lanes {
    ($token:expr, $($function:ident)::+ $(::<$($generic:ty),+>)? ($($argument:expr),* $(,)?)) => {{
        #[cfg(target_arch = "x86_64")]
        {
            let _: $crate::detect::Ifma = $token;
            // SAFETY: the function's only condition is that the processor has AVX-512 F and IFMA, which the token proves.
            unsafe { $($function)::+ $(::<$($generic),+>)? ($($argument),*) }
        }
        #[cfg(not(target_arch = "x86_64"))]
        {
            $(let _ = $argument;)*
            $token.absent()
        }
    }};
}
pub(crate) use with_lanes;
