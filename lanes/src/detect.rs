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

/// What the tests ask for. Without the instructions there is nothing to test, and a test that wants them passes, unless the environment
/// variable `ASSAY_REQUIRE_LANES` is `1`.
#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// The token, or `None` where the tests of lanes may do nothing.
    pub(crate) fn lanes() -> Option<Ifma> {
        let required = std::env::var_os("ASSAY_REQUIRE_LANES").is_some_and(|value| value == "1");
        present(Ifma::detect(), required)
    }

    fn present(found: Option<Ifma>, required: bool) -> Option<Ifma> {
        assert!(
            found.is_some() || !required,
            "this processor has no lanes, and they are required"
        );
        found
    }

    #[test]
    #[should_panic(expected = "they are required")]
    fn lanes_that_are_required_are_not_left_out() {
        present(None, true);
    }

    #[test]
    fn lanes_that_are_not_required_may_be_absent() {
        assert_eq!(present(None, false), None);
        assert_eq!(present(Ifma::detect(), false), Ifma::detect());
    }
}
