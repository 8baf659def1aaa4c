//! The cache: damage is noticed and repaired, writers do not meet, and its failures cost time only.

use std::convert::Infallible;
use std::io::{self, Read, Write};
use std::time::{Duration, SystemTime};

use assay_durable::cache::{Cache, CacheEvent, Cached, Damage, HEADER_LEN};

const KEY: [u8; 32] = [7; 32];

fn scratch() -> (tempfile::TempDir, Cache) {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let cache = Cache::at(dir.path().join("cache"));
    (dir, cache)
}

fn load_or_build(cache: &Cache, key: &[u8; 32], value: &str) -> Cached<String> {
    let built: Result<_, Infallible> = cache.load_or_build(
        "text",
        key,
        |reader| {
            let mut text = String::new();
            reader.read_to_string(&mut text).map(|_| text)
        },
        || Ok(value.to_owned()),
        |text, writer| writer.write_all(text.as_bytes()),
    );
    built.expect("nothing can fail")
}

#[test]
fn a_value_is_built_once_and_then_loaded() {
    let (_dir, cache) = scratch();
    let first = load_or_build(&cache, &KEY, "one");
    assert!(matches!(first.event, CacheEvent::Built), "{:?}", first.event);
    let second = load_or_build(&cache, &KEY, "never built");
    assert_eq!(second.value, "one");
    assert!(matches!(second.event, CacheEvent::Loaded) && second.event.warning().is_none());
    assert_eq!(load_or_build(&cache, &[8; 32], "two").value, "two");
}

#[test]
fn every_flipped_byte_every_cut_and_every_extension_is_noticed_and_repaired() {
    let (_dir, cache) = scratch();
    load_or_build(&cache, &KEY, "payload");
    let path = cache.path("text", &KEY);
    let sound = std::fs::read(&path).unwrap();
    assert_eq!(sound.len() as u64, HEADER_LEN + 7);
    let mut damaged: Vec<Vec<u8>> = (0..sound.len()).map(|len| sound[..len].to_vec()).collect();
    damaged.push([&sound[..], b"x"].concat());
    damaged.extend((0..sound.len()).map(|at| {
        let mut bytes = sound.clone();
        bytes[at] ^= 0x10;
        bytes
    }));
    for bytes in damaged {
        std::fs::write(&path, &bytes).unwrap();
        let cached = load_or_build(&cache, &KEY, "payload");
        assert_eq!(cached.value, "payload");
        assert!(
            matches!(cached.event, CacheEvent::Rebuilt { .. }),
            "{:?} for {} bytes",
            cached.event,
            bytes.len()
        );
        assert!(cached.event.warning().expect("a warning").contains("was rebuilt"));
        assert_eq!(std::fs::read(&path).unwrap(), sound);
    }
}

#[test]
fn an_entry_under_another_name_is_foreign() {
    let (_dir, cache) = scratch();
    load_or_build(&cache, &KEY, "mine");
    std::fs::copy(cache.path("text", &KEY), cache.path("text", &[9; 32])).unwrap();
    let cached = load_or_build(&cache, &[9; 32], "theirs");
    assert_eq!(cached.value, "theirs");
    assert!(
        matches!(
            cached.event,
            CacheEvent::Rebuilt {
                damage: Damage::Foreign,
                ..
            }
        ),
        "{:?}",
        cached.event
    );
}

#[test]
fn a_payload_that_does_not_parse_or_is_not_consumed_is_damage() {
    let (_dir, cache) = scratch();
    load_or_build(&cache, &KEY, "payload");
    let refused: Result<Option<()>, _> = cache.load("text", &KEY, |_| Err(io::Error::other("no")));
    assert!(matches!(refused, Err(Damage::Unreadable(_))));
    let left_over = cache.load("text", &KEY, |reader| reader.read_exact(&mut [0u8; 3]));
    assert!(matches!(left_over, Err(Damage::Unreadable(_))));
    let past_the_end = cache.load("text", &KEY, |reader| reader.read_exact(&mut [0u8; 8]));
    assert!(matches!(past_the_end, Err(Damage::Unreadable(_))));
}

#[test]
fn a_cache_that_cannot_be_written_still_gives_the_value() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("a file, no directory");
    std::fs::write(&file, "").unwrap();
    let cached = load_or_build(&Cache::at(&file), &KEY, "value");
    assert_eq!(cached.value, "value");
    assert!(
        matches!(cached.event, CacheEvent::NotStored { .. }),
        "{:?}",
        cached.event
    );
    assert!(cached
        .event
        .warning()
        .expect("a warning")
        .contains("could not be written"));
}

#[test]
fn a_writer_that_fails_leaves_the_old_entry_and_no_temporary_file() {
    let (_dir, cache) = scratch();
    load_or_build(&cache, &KEY, "old");
    let error = cache.store("text", &KEY, |writer| {
        writer.write_all(b"half of the new")?;
        Err(io::Error::other("disk full"))
    });
    assert_eq!(error.unwrap_err().to_string(), "disk full");
    assert_eq!(load_or_build(&cache, &KEY, "new").value, "old");
    assert_eq!(std::fs::read_dir(cache.root().join("text")).unwrap().count(), 1);
}

#[test]
fn many_writers_of_one_entry_leave_one_sound_entry() {
    let (_dir, cache) = scratch();
    let value = "x".repeat(3 << 20);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let cached = load_or_build(&cache, &KEY, &value);
                assert!(cached.value == value);
                assert!(cached.event.warning().is_none(), "{:?}", cached.event);
            });
        }
    });
    assert!(matches!(load_or_build(&cache, &KEY, "").event, CacheEvent::Loaded));
    assert_eq!(std::fs::read_dir(cache.root().join("text")).unwrap().count(), 1);
}

#[test]
fn what_dead_writers_left_is_removed_after_a_day_and_not_before() {
    let (_dir, cache) = scratch();
    load_or_build(&cache, &KEY, "one");
    let (old, new) = (cache.root().join("text/old.tmp"), cache.root().join("text/new.tmp"));
    for path in [&old, &new] {
        std::fs::write(path, "half").unwrap();
    }
    let two_days_ago = SystemTime::now() - Duration::from_secs(2 * 24 * 3600);
    std::fs::File::options()
        .write(true)
        .open(&old)
        .unwrap()
        .set_modified(two_days_ago)
        .unwrap();
    load_or_build(&cache, &[8; 32], "two");
    assert!(!old.exists() && new.exists());
}
