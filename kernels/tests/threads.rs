//! How many threads there are.

use std::num::NonZeroUsize;

use assay_kernels::{Threads, THREADS_VARIABLE};

/// For the child process: what the variable should lead to.
const WANTED: &str = "ASSAY_TEST_THREADS";

/// The variable is set for child processes, not for this one.
#[test]
fn the_variable_says_how_many_threads_the_machine_has() {
    if let Ok(wanted) = std::env::var(WANTED) {
        assert_eq!(Threads::of_machine().unwrap().count().to_string(), wanted);
        return;
    }
    let cores = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    for (value, wanted) in [
        (Some("1"), 1),
        (Some("5"), 5),
        (Some("0"), cores),
        (Some("many"), cores),
        (None, cores),
    ] {
        let mut command = std::process::Command::new(std::env::current_exe().unwrap());
        command
            .args(["the_variable_says_how_many_threads_the_machine_has", "--exact"])
            .env(WANTED, wanted.to_string())
            .env_remove(THREADS_VARIABLE);
        if let Some(value) = value {
            command.env(THREADS_VARIABLE, value);
        }
        assert!(command.output().unwrap().status.success(), "{value:?}");
    }
}

#[test]
fn a_pool_has_the_threads_that_are_asked_for() {
    for count in [1, 3] {
        assert_eq!(Threads::new(NonZeroUsize::new(count).unwrap()).unwrap().count(), count);
    }
}
