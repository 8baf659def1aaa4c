//! Turns at work that one process does at a time: whoever's work is due first goes first.
//!
//! ```text
//! PATH           locked by whoever works
//! PATH.queue/    one locked file for each that waits or works, named after when its work is due
//! ```

use crate::file::FileError;
use crate::lock::{Lock, LockError};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

const PAUSE: Duration = Duration::from_millis(50);

/// The right to work, until this is dropped or its process has ended however it did.
#[derive(Debug)]
pub struct Turn {
    _work: Lock,
    _place: Place,
}

impl Turn {
    /// Waits until nobody works under `path` and nobody else waits there whose work is due before `by`, in whatever unit all
    /// use; `waits` is called once if it has to.
    ///
    /// # Errors
    /// If the operating system does not let it have the files.
    pub fn take(path: &Path, by: u64, waits: impl FnOnce()) -> Result<Self, LockError> {
        let place = Place::new(path, by)?;
        let mut waits = Some(waits);
        loop {
            if place.is_first()? {
                match Lock::take(path) {
                    Ok(work) => {
                        return Ok(Self {
                            _work: work,
                            _place: place,
                        })
                    }
                    Err(LockError::InUse(_)) => {}
                    Err(error) => return Err(error),
                }
            }
            if let Some(waits) = waits.take() {
                waits();
            }
            std::thread::sleep(PAUSE);
        }
    }
}

/// A place in the queue.
#[derive(Debug)]
struct Place {
    file: PathBuf,
    _lock: Lock,
}

impl Place {
    fn new(path: &Path, by: u64) -> Result<Self, LockError> {
        let mut queue = path.as_os_str().to_owned();
        queue.push(".queue");
        let queue = PathBuf::from(queue);
        // Unlike those of other threads of this process, and of others.
        let name = format!("{by:020}-{}-{:?}", std::process::id(), std::thread::current().id());
        // Under its name it is locked from the first moment on: one that is not locked was left behind.
        let hidden = queue.join(format!(".{name}"));
        let lock = Lock::take(&hidden)?;
        let file = queue.join(name);
        fs::rename(&hidden, &file).map_err(|source| FileError::new("rename", &hidden, source))?;
        Ok(Self { file, _lock: lock })
    }

    fn is_first(&self) -> Result<bool, LockError> {
        let before = || -> io::Result<bool> {
            for other in fs::read_dir(self.file.parent().unwrap_or(Path::new(".")))? {
                let other = other?;
                let is_hidden = other.file_name().as_encoded_bytes().starts_with(b".");
                if is_hidden || Some(other.file_name().as_os_str()) >= self.file.file_name() {
                    continue;
                }
                if Lock::is_held(&other.path()) {
                    return Ok(true);
                }
                // Its process ended without doing so.
                fs::remove_file(other.path()).ok();
            }
            Ok(false)
        };
        let before = before().map_err(|source| FileError::new("list", &self.file, source))?;
        Ok(!before)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        fs::remove_file(&self.file).ok();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{mpsc, Mutex};

    #[test]
    fn what_is_due_first_is_done_first() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("work");
        let working = Turn::take(&path, 5, || panic!("nobody else is there")).unwrap();
        let (order, (told, waiting)) = (Mutex::new(Vec::new()), mpsc::channel());
        std::thread::scope(|scope| {
            for by in [30, 10, 20, u64::MAX] {
                let (path, order, told) = (&path, &order, told.clone());
                scope.spawn(move || {
                    let turn = Turn::take(path, by, || told.send(()).unwrap()).unwrap();
                    order.lock().unwrap().push(by);
                    drop(turn);
                });
            }
            for _ in 0..4 {
                waiting.recv().unwrap();
            }
            drop(working);
        });
        assert_eq!(order.into_inner().unwrap(), [10, 20, 30, u64::MAX]);
        assert_eq!(fs::read_dir(dir.path().join("work.queue")).unwrap().count(), 0);
    }

    #[test]
    fn nobody_waits_for_what_was_left_behind() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("work");
        let left = dir.path().join("work.queue/00000000000000000001-1-ThreadId(1)");
        fs::create_dir_all(left.parent().unwrap()).unwrap();
        fs::write(&left, "").unwrap();
        Turn::take(&path, 2, || panic!("nobody is there")).unwrap();
        assert!(!left.exists());
        assert!(Turn::take(dir.path(), 2, || ()).is_err(), "a directory is no lock");
    }
}
