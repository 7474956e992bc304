//! The test of a storage: its lines, their results, and that it leaves nothing behind.

use std::path::Path;

use model::storage::TestOutcome::{Failed, NotChecked, Passed};
use model::storage::{TestLine, TestOutcome};
use model::text::has_line;
use storage::{FileRoots, probe};

use crate::directory::{Directory, Mount};

#[tokio::test]
async fn a_good_directory_passes_every_line_and_is_left_as_it_was() {
    let directory = Directory::new();
    std::fs::write(directory.path().join("precious"), "kept").expect("a file");
    for below in ["", "not/there/yet"] {
        let lines = probe(&directory.location(below), None, &directory.roots()).await;
        assert_eq!(outcomes(&lines), [Passed; 5], "{lines:?}");
        assert!(lines.iter().all(|line| has_line(&line.check) && line.problem.is_none()), "{lines:?}");
        assert_eq!(directory.everything(), [Path::new("precious")]);
    }
}

#[tokio::test]
async fn tests_at_the_same_time_do_not_disturb_each_other() {
    let directory = Directory::new();
    let location = directory.location("a/b");
    let roots = directory.roots();
    let all = futures::future::join_all((0..8).map(|_| probe(&location, None, &roots))).await;
    for lines in all {
        assert_eq!(outcomes(&lines), [Passed; 5], "{lines:?}");
    }
    // A test that ran while the folders of another existed leaves them, but they are empty.
    assert!(directory.everything().iter().all(|path| directory.path().join(path).is_dir()));
}

#[tokio::test]
async fn what_comes_after_a_failed_line_is_not_checked() {
    let Some(mount) = Mount::new() else { return };
    let directory = mount.directory();
    std::fs::write(directory.path().join("filling"), vec![0; 1900 << 10]).expect("it fits");
    let lines = probe(&directory.location("base"), None, &directory.roots()).await;
    assert_eq!(outcomes(&lines), [Passed, Failed, NotChecked, NotChecked, NotChecked]);
    assert_eq!(problem(&lines, 1), "storage-full");
    assert_eq!(directory.everything(), [Path::new("filling")]);

    mount.make_read_only();
    let lines = probe(&directory.location("base"), None, &directory.roots()).await;
    assert_eq!(outcomes(&lines)[..2], [Passed, Failed]);
    assert_eq!(problem(&lines, 1), "storage-read-only");
}

#[tokio::test]
async fn a_location_that_is_not_allowed_fails_its_first_line() {
    let (directory, other) = (Directory::new(), Directory::new());
    let roots = FileRoots::new([other.path().join("gone")]).expect("roots");
    let cases = [
        (directory.location(""), other.roots(), "storage-outside-roots"),
        (other.location("gone/x"), roots, "storage-missing"),
    ];
    for (location, roots, expected) in cases {
        let lines = probe(&location, None, &roots).await;
        assert_eq!(outcomes(&lines), [Failed, NotChecked, NotChecked, NotChecked, NotChecked]);
        assert_eq!(problem(&lines, 0), expected);
    }
}

#[tokio::test]
async fn nothing_is_written_into_a_clusters_own_destination() {
    let directory = Directory::new();
    let destination = directory.path().join("obdemo/1/1002/data");
    std::fs::create_dir_all(&destination).expect("a folder");
    std::fs::write(destination.join("format.obbak"), "").expect("a file");
    let before = directory.everything();
    for below in ["obdemo/1/1002/data", "obdemo/1/1002/data/backup_set_1_full"] {
        let lines = probe(&directory.location(below), None, &directory.roots()).await;
        assert_eq!(outcomes(&lines)[0], Failed, "{below}");
        assert_eq!(problem(&lines, 0), "storage-inside-destination");
    }
    assert_eq!(directory.everything(), before);
}

fn outcomes(lines: &[TestLine]) -> Vec<TestOutcome> {
    lines.iter().map(|line| line.outcome).collect()
}

fn problem(lines: &[TestLine], place: usize) -> String {
    lines[place].problem.as_ref().expect("a problem").text.id.clone()
}
