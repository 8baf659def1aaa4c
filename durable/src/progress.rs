//! How long work reports where it is; the library itself never prints.

/// Receives the phases of long work.
pub trait Progress: Sync {
    /// A phase begins; the one before it is over. `steps` is how many calls of [`Progress::step`] will follow, or 0 if
    /// the phase cannot tell.
    fn phase(&self, name: &str, steps: u64);

    /// `done` of the announced steps are over.
    fn step(&self, done: u64) {
        let _ = done;
    }
}

impl<P: Progress + ?Sized> Progress for Box<P> {
    fn phase(&self, name: &str, steps: u64) {
        (**self).phase(name, steps);
    }

    fn step(&self, done: u64) {
        (**self).step(done);
    }
}

/// Reports nothing.
#[derive(Clone, Copy, Debug)]
pub struct Silent;

impl Progress for Silent {
    fn phase(&self, _: &str, _: u64) {}
}
