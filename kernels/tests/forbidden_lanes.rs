//! The one test that forbids lanes, which holds for the whole process.

use assay_kernels::Path;

#[test]
fn lanes_that_are_forbidden_are_not_taken() {
    Path::forbid_lanes();
    assert_eq!(Path::detect(), Path::Portable);
}
