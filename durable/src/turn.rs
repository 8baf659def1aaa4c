//! Turns at work that one process does at a time: whoever's work is due first goes first.
//!
//! ```text
//! PATH           locked by whoever works
//! PATH.queue/    one locked file for each that has work, named after when it is due
//! ```

use crate::file::FileError;
use crate::lock::{Lock, LockError};
use std::cell::Cell;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

const PAUSE: Duration = Duration::from_millis(50);

/// A place in the queue, until this is dropped or its process has ended however it did: whose work is due later waits also between
/// two turns.
#[derive(Debug)]
pub struct Place {
    path: PathBuf,
    file: PathBuf,
    _lock: Lock,
}

/// Whether nobody works and nobody has a place.
pub fn is_idle(path: &Path) -> bool {
    let waits = |entry: fs::DirEntry| !is_hidden(&entry) && Lock::is_held(&entry.path());
    let mut places = fs::read_dir(queue_of(path)).into_iter().flatten().flatten();
    !Lock::is_held(path) && !places.any(waits)
}

/// Whether it is a place that is not taken yet.
fn is_hidden(entry: &fs::DirEntry) -> bool {
    entry.file_name().as_encoded_bytes().starts_with(b".")
}

fn queue_of(path: &Path) -> PathBuf {
    let mut queue = path.as_os_str().to_owned();
    queue.push(".queue");
    queue.into()
}

impl Place {
    /// A place before all whose work is due after `by`, in whatever unit all use.
    ///
    /// # Errors
    /// If the operating system does not let it have the files.
    pub fn new(path: &Path, by: u64) -> Result<Self, LockError> {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let queue = queue_of(path);
        // Unlike every other, also that of a process with this one's id in another container.
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("{by:020}-{}-{}-{count}", std::process::id(), now.as_nanos());
        // Under its name it is locked from the first moment on: one that is not locked was left behind.
        let hidden = queue.join(format!(".{name}"));
        let lock = Lock::take(&hidden)?;
        let file = queue.join(name);
        fs::rename(&hidden, &file).map_err(|source| FileError::new("rename", &hidden, source))?;
        Ok(Self {
            path: path.to_owned(),
            file,
            _lock: lock,
        })
    }

    /// The right to work, until it is dropped: waits until nobody works and nobody with a place before this one is there, as long
    /// as `goes_on`; `waits` is called once if it has to.
    ///
    /// # Errors
    /// If the operating system does not let it have the files.
    pub fn turn(&self, waits: impl FnOnce(), goes_on: impl Fn() -> bool) -> Result<Option<Lock>, LockError> {
        let mut waits = Some(waits);
        while goes_on() {
            if self.is_first()? {
                match Lock::take(&self.path) {
                    Ok(work) => return Ok(Some(work)),
                    Err(LockError::InUse(_)) => {}
                    Err(error) => return Err(error),
                }
            }
            if let Some(waits) = waits.take() {
                waits();
            }
            std::thread::sleep(PAUSE);
        }
        Ok(None)
    }

    fn is_first(&self) -> Result<bool, LockError> {
        let is_first = || -> io::Result<bool> {
            for other in fs::read_dir(self.file.parent().unwrap_or(Path::new(".")))? {
                let other = other?;
                if is_hidden(&other) || Some(other.file_name().as_os_str()) >= self.file.file_name() {
                    continue;
                }
                if Lock::is_held(&other.path()) {
                    return Ok(false);
                }
                // Its process ended without doing so.
                fs::remove_file(other.path()).ok();
            }
            Ok(true)
        };
        Ok(is_first().map_err(|source| FileError::new("list", &self.file, source))?)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        fs::remove_file(&self.file).ok();
    }
}

/// Places in two queues, for work that needs both.
#[derive(Debug)]
pub struct Places {
    by: u64,
    paths: [PathBuf; 2],
    /// None while the second one is waited for: nobody else who needs the first waits for that.
    first: Option<Place>,
    second: Place,
}

impl Places {
    /// As [`Place::new`], in both.
    ///
    /// # Errors
    /// As there.
    pub fn new(paths: [PathBuf; 2], by: u64) -> Result<Self, LockError> {
        Ok(Self {
            by,
            first: Some(Place::new(&paths[0], by)?),
            second: Place::new(&paths[1], by)?,
            paths,
        })
    }

    /// The right to work in both places; `waits` hears at most once of each that it is waited for.
    ///
    /// # Errors
    /// As [`Place::turn`].
    pub fn turn(
        &mut self,
        waits: [impl FnOnce(); 2],
        goes_on: impl Fn() -> bool,
    ) -> Result<Option<[Lock; 2]>, LockError> {
        let mut waits = waits.map(Some);
        loop {
            let place = match self.first.take() {
                Some(place) => place,
                None => Place::new(&self.paths[0], self.by)?,
            };
            let place = self.first.insert(place);
            let Some(first) = place.turn(|| call(&mut waits[0]), &goes_on)? else {
                return Ok(None);
            };
            let tried = Cell::new(false);
            if let Some(second) = self.second.turn(|| (), || !tried.replace(true))? {
                return Ok(Some([first, second]));
            }
            drop(first);
            self.first = None;
            if self.second.turn(|| call(&mut waits[1]), &goes_on)?.is_none() {
                return Ok(None);
            }
        }
    }
}

fn call(once: &mut Option<impl FnOnce()>) {
    if let Some(call) = once.take() {
        call();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicBool;
    use std::sync::{mpsc, Mutex};

    fn at_once(place: &Place) -> Lock {
        place.turn(|| panic!("it has to wait"), || true).unwrap().unwrap()
    }

    #[test]
    fn what_is_due_first_is_done_first() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("work");
        assert!(is_idle(&path));
        let _hidden = Lock::take(&dir.path().join("work.queue/.00000000000000000005-1-1-1")).unwrap();
        assert!(is_idle(&path), "nobody has that place yet");
        let urgent = Place::new(&path, 5).unwrap();
        assert!(!is_idle(&path), "it waits");
        let working = at_once(&urgent);
        let (order, (told, waiting)) = (Mutex::new(Vec::new()), mpsc::channel());
        std::thread::scope(|scope| {
            for by in [30, 10, 20, u64::MAX] {
                let (path, order, told) = (&path, &order, told.clone());
                scope.spawn(move || {
                    let place = Place::new(path, by).unwrap();
                    let turn = place.turn(|| told.send(()).unwrap(), || true).unwrap();
                    order.lock().unwrap().push(by);
                    drop(turn);
                });
            }
            for _ in 0..4 {
                waiting.recv().unwrap();
            }
            // Nobody comes between two turns of the most urgent.
            drop(working);
            std::thread::sleep(10 * PAUSE);
            drop(at_once(&urgent));
            assert!(order.lock().unwrap().is_empty());
            drop(urgent);
        });
        assert_eq!(order.into_inner().unwrap(), [10, 20, 30, u64::MAX]);
        assert_eq!(fs::read_dir(dir.path().join("work.queue")).unwrap().count(), 1);
    }

    #[test]
    fn who_waits_can_be_told_to_end() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("work");
        let first = Place::new(&path, 5).unwrap();
        let _working = at_once(&first);
        let goes_on = AtomicBool::new(true);
        let second = Place::new(&path, 4).unwrap();
        let told = || goes_on.store(false, Ordering::Relaxed);
        assert!(second.turn(told, || goes_on.load(Ordering::Relaxed)).unwrap().is_none());
    }

    #[test]
    fn who_waits_for_a_second_place_keeps_nobody_from_the_first() {
        let dir = tempfile::tempdir().unwrap();
        let paths = ["home", "secret"].map(|name| dir.path().join(name));
        let (elsewhere, mut both) = (
            Place::new(&paths[1], 1).unwrap(),
            Places::new(paths.clone(), 2).unwrap(),
        );
        let proving = at_once(&elsewhere);
        let (told, waiting) = mpsc::channel();
        std::thread::scope(|scope| {
            let turn = scope.spawn(|| {
                let waits: [Box<dyn FnOnce()>; 2] = [
                    Box::new(|| panic!("the first is free")),
                    Box::new(|| told.send(()).unwrap()),
                ];
                both.turn(waits, || true).unwrap().unwrap()
            });
            waiting.recv().unwrap();
            drop(at_once(&Place::new(&paths[0], u64::MAX).unwrap()));
            drop((proving, elsewhere));
            let _working = turn.join().unwrap();
            assert!(paths.iter().all(|path| Lock::is_held(path)));
        });
    }

    #[test]
    fn nobody_waits_for_what_was_left_behind() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("work");
        let left = dir.path().join("work.queue/00000000000000000001-1-1-1");
        fs::create_dir_all(left.parent().unwrap()).unwrap();
        fs::write(&left, "").unwrap();
        at_once(&Place::new(&path, 2).unwrap());
        assert!(!left.exists());
        let no_lock = Place::new(dir.path(), 2).unwrap();
        assert!(no_lock.turn(|| (), || true).is_err(), "a directory is no lock");
    }
}
