//! Dumps are distinct: a new dump never continues the files of another one, and a dump is never resumed as another
//! one.

use std::fs;

use dump::{Compression, DumpId, Error, Options};

use crate::bed::{Bed, selection};

async fn with_table(bed: &Bed, name: &str) -> Options {
    bed.database(name, &["CREATE TABLE t (a INT PRIMARY KEY)", "INSERT INTO t VALUES (1)"]).await;
    Options { selection: selection(&[name]), connections: 2, ..Options::default() }
}

#[tokio::test]
async fn a_new_dump_never_takes_over_what_lies_in_its_folder() {
    let bed = Bed::shared();
    let options = with_table(&bed, "d_taken").await;
    let complete: DumpId = "complete".parse().expect("an id");
    bed.dump_with(&complete, &options).await.expect("a dump");
    let begun: DumpId = "begun".parse().expect("an id");
    let snapshot =
        dump::take_snapshot(&bed.source(), &bed.client, &begun, &options).await.expect("a new one");
    snapshot.release().await;
    let stray: DumpId = "stray".parse().expect("an id");
    fs::create_dir_all(bed.dir.path().join("stray/data")).expect("a folder");
    fs::write(bed.dir.path().join("stray/data/x"), "x").expect("a file");
    for id in [complete, begun, stray] {
        let taken = dump::take_snapshot(&bed.source(), &bed.client, &id, &options).await;
        assert!(matches!(&taken, Err(Error::IdTaken { dump }) if *dump == id), "{id}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_new_dumps_of_one_id_one_fails() {
    let bed = Bed::shared();
    let options = with_table(&bed, "d_race").await;
    for round in 0..5 {
        let id: DumpId = format!("race-{round}").parse().expect("an id");
        let (source, client) = (bed.source(), bed.client.clone());
        let take = || dump::take_snapshot(&source, &client, &id, &options);
        let (one, two) = tokio::join!(take(), take());
        let taken = [&one, &two].iter().filter(|taken| matches!(taken, Err(Error::IdTaken { .. }))).count();
        assert_eq!((taken, one.is_ok() || two.is_ok()), (1, true), "round {round}");
    }
}

#[tokio::test]
async fn a_dump_is_resumed_only_as_what_it_was_begun() {
    let bed = Bed::shared();
    let options = with_table(&bed, "d_other").await;
    let id: DumpId = "other".parse().expect("an id");
    let (source, client) = (bed.source(), bed.client.clone());
    let resume = async |options: &Options| match dump::resume_snapshot(&source, &client, &id, options).await {
        Ok(snapshot) => {
            snapshot.release().await;
            Ok(())
        }
        Err(Error::ResumeDiffers { differences, .. }) => Err(differences[0].text.id.clone()),
        Err(error) => Err(format!("{error:?}")),
    };
    assert!(resume(&options).await.expect_err("nothing is there").contains("NothingToResume"));
    dump::take_snapshot(&source, &client, &id, &options).await.expect("a snapshot").release().await;
    let more = Options { selection: selection(&["d_other", "d_race"]), ..options.clone() };
    assert_eq!(resume(&more).await, Err("dump-resume-selection".to_owned()));
    let plain = Options { compression: Compression::None, ..options.clone() };
    assert_eq!(resume(&plain).await, Err("dump-resume-compression".to_owned()));
    assert_eq!(resume(&options).await, Ok(()));

    let path = bed.dir.path().join("other/plan.json");
    let plan = fs::read_to_string(&path).expect("a plan");
    let content = plan.lines().next().expect("a line");
    let (before, after) = content.split_once("\"origin\":\"").expect("an origin");
    let (_, after) = after.split_once('"').expect("its end");
    let content = format!("{before}\"origin\":\"f00\"{after}");
    let seal = format!("{{\"blake3\":\"{}\",\"signature\":null}}", blake3::hash(content.as_bytes()).to_hex());
    fs::write(&path, format!("{content}\n{seal}\n")).expect("another plan");
    assert_eq!(resume(&options).await, Err("dump-resume-server".to_owned()));

    fs::write(&path, plan).expect("the plan");
    bed.dump_with(&id, &options).await.expect("it is resumed");
    assert!(resume(&options).await.expect_err("nothing is left to do").contains("AlreadyComplete"));
}
