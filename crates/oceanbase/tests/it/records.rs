//! Sets, rounds and pieces in the views: the statements are golden, and the result matches what was done.

use model::archive::{ArchiveStatus, LogBackupWish};
use model::backup::DataBackupMode::{Full, Incremental};
use model::recovery_window::{PieceFile, RoundEnd};
use oceanbase::Statement;
use sim::Profile;

use crate::physical::Stand;

#[tokio::test]
async fn what_can_be_recovered_is_read_in_every_version() {
    for profile in Profile::ALL {
        let mut stand = Stand::new(profile).await;
        assert_eq!(stand.driver.backup_records(None).await.expect("answers"), [], "{profile}");
        stand.ready().await;
        for (number, mode) in [(1, Full), (2, Incremental)] {
            stand.back_up(mode, &format!("lifeboat-{number}")).await;
            stand.handle.advance_seconds(600.0);
        }
        stand.recorder.clear();
        let records = stand.driver.backup_records(None).await.expect("answers");
        let said = stand.recorder.statements();
        let shop = &records[0];
        let one = stand.driver.backup_records(Some(shop.tenant)).await.expect("answers");
        assert_eq!(one, std::slice::from_ref(shop), "{profile}");
        let is_4 = profile.is_tenant_level();
        let sets: Vec<_> = shop.sets.iter().map(|set| (set.set.id, set.set.previous)).collect();
        assert_eq!(sets, [(1, None), (2, is_4.then_some(1))], "{profile}");
        assert!(shop.sets.iter().all(|set| set.set.is_complete && !set.is_encrypted), "{profile}: {shop:?}");
        assert_eq!(shop.rounds.iter().map(|round| round.end).collect::<Vec<_>>(), [RoundEnd::Running]);
        assert_eq!(shop.pieces.len(), usize::from(is_4), "{profile}");
        assert_eq!(shop.timeline().intervals.len(), 1, "{profile}: {shop:?}");
        let latest = shop.timeline().latest().expect("it can be recovered");
        let sources = shop.sources(latest).expect("they are known");
        assert_eq!(sources.sets.len(), 2, "{profile}");
        if is_4 {
            let expected = (vec!["file:///backup/data".to_owned()], vec!["file:///backup/clog".to_owned()]);
            assert_eq!(sources.roots(), expected, "{profile}");
            assert_eq!(said.lines().count(), 3, "{profile}: {said}");
        }
        stand.archive(LogBackupWish::Stop, ArchiveStatus::Stop).await;
        let records = stand.driver.backup_records(None).await.expect("answers");
        assert_eq!(records[0].rounds[0].end, RoundEnd::Stopped, "{profile}");
        stand.assert_no_gaps(&profile.to_string());
    }
}

#[tokio::test]
async fn queries_of_a_timeline_match_the_snapshot() {
    let ask = async |profile: Profile| {
        let mut stand = Stand::new(profile).await;
        stand.driver.database_now().await.expect("answers");
        stand.recorder.clear();
        stand.driver.backup_records(None).await.expect("answers");
        stand.recorder.statements()
    };
    let newest = ask(Profile::V4_6).await;
    insta::assert_snapshot!(newest);
    for profile in [Profile::V4_0, Profile::V4_2_5, Profile::V4_4] {
        assert_eq!(ask(profile).await, newest, "{profile}");
    }
    insta::assert_snapshot!(ask(Profile::V3_2_4).await);
}

/// No view shows whether a deleted piece was copied before: a tenant that copies may have it, another has not.
#[tokio::test]
async fn a_piece_that_is_gone_may_live_on_where_the_archive_is_copied() {
    for copies in [true, false] {
        let mut stand = Stand::new(Profile::V4_6).await;
        stand.ready().await;
        stand.back_up(Full, "lifeboat-1").await;
        stand.handle.advance_seconds(2.0 * 86_400.0);
        if copies {
            for text in [
                "ALTER SYSTEM SET BACKUP_ARCHIVE_DEST = 'LOCATION=file:///backup/copies' TENANT = shop",
                "ALTER SYSTEM BACKUP ARCHIVELOG ALL TENANT = shop",
            ] {
                stand.driver.act(&Statement::act(text)).await.expect("it is taken");
                stand.handle.advance_seconds(600.0);
            }
        }
        stand.back_up(Full, "lifeboat-2").await;
        stand.handle.advance_seconds(600.0);
        // A piece is deleted only after the full set that needs it.
        for what in ["BACKUPSET 1", "ARCHIVELOG_PIECE 1"] {
            let delete = Statement::act(format!("ALTER SYSTEM DELETE {what} TENANT = shop"));
            stand.driver.act(&delete).await.expect("it is taken");
            stand.handle.advance_seconds(600.0);
        }
        let record = stand.driver.backup_records(None).await.expect("answers").remove(0);
        let expected = if copies { PieceFile::MaybeCopied } else { PieceFile::Deleted };
        assert_eq!(record.pieces[0].piece.file, expected, "{record:?}");
        assert!(record.pieces[1..].iter().all(|piece| piece.piece.file == PieceFile::Available));
    }
}
