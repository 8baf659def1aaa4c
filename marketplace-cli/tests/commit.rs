//! What `--version` says of the commit that a program is made from.

#[allow(dead_code, reason = "a build script has a main")]
#[path = "../build.rs"]
mod build;

use std::fs;
use std::path::Path;
use std::process::Command;

fn git(at: &Path, args: &[&str]) {
    let who = [
        "-c",
        "user.name=t",
        "-c",
        "user.email=t@example",
        "-c",
        "commit.gpgsign=false",
    ];
    let done = Command::new("git")
        .args(who)
        .args(args)
        .current_dir(at)
        .output()
        .unwrap();
    assert!(
        done.status.success(),
        "{args:?}: {}",
        String::from_utf8_lossy(&done.stderr)
    );
}

#[test]
fn a_program_that_is_not_of_its_commit_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let file = |path: &str, text: &str| {
        let path = dir.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    git(dir.path(), &["init", "-q"]);
    assert_eq!(build::stamp(dir.path()), None, "nothing is committed");
    file("chain/src/lib.rs", "// one");
    file("docs/text.md", "one");
    git(dir.path(), &["add", "."]);
    git(dir.path(), &["commit", "-qm", "one"]);
    let is_dirty = || build::stamp(dir.path()).unwrap().ends_with("-dirty");
    assert_eq!(build::stamp(dir.path()).unwrap().len(), 12);
    // What does not go into the program does not count, what is new does.
    file("docs/text.md", "two");
    file("notes", "two");
    assert!(!is_dirty());
    file("chain/src/more/new.rs", "// two");
    assert!(is_dirty());
    fs::remove_dir_all(dir.path().join("chain/src/more")).unwrap();
    assert!(!is_dirty());
    file("chain/src/lib.rs", "// two");
    assert!(is_dirty());
    git(dir.path(), &["commit", "-qam", "two"]);
    assert!(!is_dirty());
}
