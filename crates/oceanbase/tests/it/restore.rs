//! Restoring tenants: the statements are golden, and what the views say of a job is read.

use std::time::Duration;

use model::Secret;
use model::backup::DataBackupMode::Full;
use model::id::TenantId;
use model::physical::restore::{RestoreMark, RestoreStatus};
use model::physical::unit::{OldLimits, UnitSpec};
use oceanbase::physical::{NewTenant, OldTenant};
use oceanbase::{Driver, Statement};
use sim::Profile;

use crate::physical::Stand;
use crate::simulated::on_both_4x;

const VERSIONS: [Profile; 5] =
    [Profile::V4_0, Profile::V4_1, Profile::V4_2_5, Profile::V4_3_5, Profile::V4_6];

fn new<'a>(from: &'a [Secret], pools: &'a [String]) -> NewTenant<'a> {
    NewTenant {
        name: "shop_2",
        old: OldTenant { name: "shop", cluster: "obcluster", cluster_id: 1 },
        from,
        scn: Some(1_760_000_000_000_000_000),
        pools,
        locality: Some("F@z1,R@z2"),
        primary_zone: Some("z1;z2"),
        tables: &[],
        tag: "lifeboat-7-abc",
    }
}

/// The limits of a unit specification to create.
fn like(old: Option<OldLimits>) -> UnitSpec {
    UnitSpec {
        name: "theirs".into(),
        cpu_hundredths: 250,
        min_cpu_hundredths: 100,
        memory_bytes: 4 << 30,
        log_disk_bytes: 12 << 30,
        old,
    }
}

/// Everything that is sent about a restore, keys and passwords masked.
async fn transcript(profile: Profile) -> String {
    let mut stand = Stand::new(profile).await;
    let unit = like(None);
    stand.driver.database_now().await.expect("answers");
    let verbs = stand.driver.verbs();
    let key = |folder: &str| Secret::new(format!("oss://b/{folder}?host=h&access_id=AK&access_key=sesame"));
    let (from, pools) = (vec![key("data"), key("clog")], vec!["p1".to_owned(), "p2".to_owned()]);
    let passwords = [Secret::new("hunter2"), Secret::new("hunter'3")];
    let [note, show] = verbs.preview(&from, 1_760_000_000_000_000_000);
    let mut said: Vec<String> = [
        verbs.set_restore_passwords(&passwords),
        note,
        show,
        verbs.create_unit("lifeboat_abc_7_unit_1", &unit),
        verbs.create_pool("lifeboat_abc_7_1", "z1", "small", 2),
        verbs.start_restore(&new(&from, &pools)),
        verbs.start_restore(&NewTenant {
            scn: None,
            locality: None,
            primary_zone: None,
            ..new(&from, &pools)
        }),
        verbs.cancel_restore("shop_2").expect("4.x has one"),
        verbs.activate("shop_2"),
        verbs.upgrade_tenant("shop_2"),
        verbs.drop_tenant("shop_2"),
        verbs.drop_pool("lifeboat_abc_7_1"),
        verbs.drop_unit("lifeboat_abc_7_unit_1"),
    ]
    .iter()
    .map(|statement| format!("! {statement}"))
    .collect();
    stand.recorder.clear();
    stand.driver.restore_jobs("shop'2").await.expect("answers");
    stand.driver.resources().await.expect("answers");
    stand.driver.upgrade_state(TenantId(1006)).await.expect("answers");
    said.push(stand.recorder.statements());
    let said = said.join("\n");
    assert!(!said.contains("sesame") && !said.contains("hunter"), "{said}");
    said
}

#[tokio::test]
async fn statements_of_a_restore_match_the_snapshot() {
    let newest = transcript(Profile::V4_6).await;
    insta::assert_snapshot!(newest);
    for profile in [Profile::V4_1, Profile::V4_2_5, Profile::V4_4] {
        assert_eq!(transcript(profile).await, newest, "{profile}");
    }
    // The first one keeps no description.
    let first = transcript(Profile::V4_0).await;
    assert_eq!(first, newest.replace(" DESCRIPTION = 'lifeboat-7-abc'", ""));
}

/// Prepares a set, a pool and a moment to restore to.
pub(crate) async fn ready(profile: Profile) -> (Stand, u64) {
    let mut stand = Stand::new(profile).await;
    stand.ready().await;
    stand.back_up(Full, "lifeboat-1").await;
    stand.handle.advance_seconds(600.0);
    for text in [
        "CREATE RESOURCE UNIT small MAX_CPU 1.5, MEMORY_SIZE '2G'",
        "CREATE RESOURCE POOL p1 UNIT 'small', UNIT_NUM 1",
    ] {
        stand.driver.act(&Statement::act(text)).await.expect("it is taken");
    }
    let record = stand.driver.backup_records(None).await.expect("answers").remove(0);
    let scn = record.timeline().latest().expect("it can be recovered") - 60_000_000_000;
    (stand, scn)
}

#[tokio::test]
async fn a_restore_is_followed_from_its_start_to_its_end() {
    for profile in VERSIONS {
        let (mut stand, scn) = ready(profile).await;
        let from = ["data", "clog"].map(|folder| Secret::new(format!("file:///backup/{folder}")));
        let items = stand.driver.preview_restore(&from, scn).await.expect("it can be read");
        let kinds: Vec<&str> = items.iter().map(|item| item.kind.as_str()).collect();
        assert_eq!(kinds, ["BACKUP_SET", "BACKUP_PIECE"], "{profile}");
        let at = stand.driver.database_now().await.expect("answers");
        let mark =
            RestoreMark { newest: 0, at, tag: (profile != Profile::V4_0).then(|| "lifeboat-7".into()) };
        let pools = ["p1".to_owned()];
        let wanted = NewTenant {
            scn: Some(scn),
            locality: None,
            primary_zone: None,
            tag: "lifeboat-7",
            ..new(&from, &pools)
        };
        let statement = stand.driver.verbs().start_restore(&wanted);
        let endpoint = stand.endpoint();
        let mut own = Driver::open(&endpoint, stand.recorder.clone()).await.expect("it lets us in");
        let mut answer = std::pin::pin!(own.act(&statement));
        let mut seen = Vec::new();
        loop {
            let waited = tokio::time::timeout(Duration::from_millis(20), &mut answer).await;
            let jobs = stand.driver.restore_jobs("shop_2").await.expect("answers");
            let job = mark.find(&jobs, "shop_2").expect("it is written down before the answer").clone();
            assert_eq!((job.scn, job.status), (scn, RestoreStatus::Running), "{profile}");
            assert!(job.tenant.is_some(), "{profile}: {job:?}");
            if waited.is_ok() {
                break;
            }
            stand.handle.advance_seconds(1.0);
        }
        for _ in 0..100 {
            let jobs = stand.driver.restore_jobs("shop_2").await.expect("answers");
            let job = mark.find(&jobs, "shop_2").expect("one of the views has it at any moment").clone();
            assert!(job.bytes_done <= job.bytes_total && job.bytes_total > 0, "{profile}: {job:?}");
            seen.push(job.status);
            if job.status != RestoreStatus::Running && seen.len() > 20 {
                break;
            }
            stand.handle.advance_seconds(1.0);
        }
        assert_eq!(seen.last(), Some(&RestoreStatus::Succeeded), "{profile}: {seen:?}");
        let resources = stand.driver.resources().await.expect("answers");
        let pool = resources.pools.iter().find(|pool| pool.name == "p1").expect("it is there");
        assert_eq!((pool.units, pool.zones.len()), (1, 1), "{profile}: {pool:?}");
        assert_eq!(pool.unit, "small", "{profile}");
        assert!(pool.tenant.is_some(), "{profile}: {pool:?}");
        let unit = resources.units.iter().find(|unit| unit.name == "small").expect("it is there");
        assert_eq!((unit.cpu_hundredths, unit.memory_bytes), (150, 2 << 30), "{profile}");
        assert_eq!(resources.servers.len(), 1, "{profile}");
        stand.assert_no_gaps(&profile.to_string());
    }
}

on_both_4x! {
    refusals_of_a_restore_have_a_meaning,
}

async fn refusals_of_a_restore_have_a_meaning(profile: Profile) {
    let (mut stand, scn) = ready(profile).await;
    let from = ["data", "clog"].map(|folder| Secret::new(format!("file:///backup/{folder}")));
    let elsewhere = [Secret::new("file:///nowhere")];
    let (p1, none, used) = (["p1".to_owned()], ["nobody".to_owned()], ["pool_shop".to_owned()]);
    let wanted = NewTenant { scn: Some(scn), locality: None, primary_zone: None, ..new(&from, &p1) };
    let cases = [
        (NewTenant { name: "shop", ..wanted }, "database-tenant-exists"),
        (NewTenant { pools: &none, ..wanted }, "database-pool-unfit"),
        (NewTenant { pools: &used, ..wanted }, "database-pool-unfit"),
        (NewTenant { from: &elsewhere, ..wanted }, "database-restore-source-empty"),
        (NewTenant { scn: Some(1_700_000_000_000_000_000), ..wanted }, "database-restore-source-short"),
        (NewTenant { scn: Some(1_860_000_000_000_000_000), ..wanted }, "database-restore-source-short"),
    ];
    for (wanted, meaning) in cases {
        let statement = stand.driver.verbs().start_restore(&wanted);
        let error = stand.driver.act(&statement).await.expect_err("refused");
        assert_eq!(error.problem().text.id, meaning, "{statement}: {error}");
    }
    let statement = stand.driver.verbs().create_pool("p9", "zone1", "small", 2);
    let error = stand.driver.act(&statement).await.expect_err("there is only one server");
    assert_eq!(error.problem().text.id, "database-resources-short", "{error}");
}

/// Everything that is sent about a restore before 4.0, keys and passwords masked.
async fn transcript_of_3(profile: Profile) -> String {
    let mut stand = Stand::new(profile).await;
    let unit = like(Some(OldLimits {
        max_cpu_hundredths: 300,
        max_memory_bytes: 8 << 30,
        max_iops: 10_000,
        min_iops: 1_000,
        max_disk_bytes: 512 << 30,
        max_sessions: 10_000,
    }));
    let verbs = stand.driver.verbs();
    let (from, pools) = (
        [Secret::new("oss://b/x?host=h&access_id=AK&access_key=sesame")],
        ["p1".to_owned(), "p2".to_owned()],
    );
    assert_eq!(verbs.cancel_restore("shop_2"), None, "a dropped tenant ends its restore");
    assert!(!verbs.can_preview_restore() && !verbs.keeps_restore_tag());
    let wanted = NewTenant { scn: Some(1_760_000_000_123_456), ..new(&from, &pools) };
    let mut said: Vec<String> = [
        verbs.allow_restore().expect("a parameter decides"),
        verbs.set_restore_passwords(&[Secret::new("hunter2"), Secret::new("hunter'3")]),
        verbs.create_unit("lifeboat_abc_7_unit_1", &unit),
        verbs.create_pool("lifeboat_abc_7_1", "z1", "small", 2),
        verbs.start_restore(&wanted),
        verbs.start_restore(&NewTenant { locality: None, primary_zone: None, ..wanted }),
        verbs.drop_tenant("shop_2"),
        verbs.drop_pool("lifeboat_abc_7_1"),
        verbs.drop_unit("lifeboat_abc_7_unit_1"),
    ]
    .iter()
    .map(|statement| format!("! {statement}"))
    .collect();
    stand.recorder.clear();
    stand.driver.restore_jobs("shop'2").await.expect("answers");
    stand.driver.resources().await.expect("answers");
    assert!(
        !stand.driver.is_restore_allowed().await.expect("answers"),
        "{profile}: 0 is what it begins with"
    );
    said.push(stand.recorder.statements());
    let said = said.join("\n");
    assert!(!said.contains("sesame") && !said.contains("hunter"), "{said}");
    said
}

#[tokio::test]
async fn what_is_said_about_a_restore_before_4_0_is_golden() {
    let newest = transcript_of_3(Profile::V3_2_4).await;
    insta::assert_snapshot!(newest);
    for profile in [Profile::V2_2_77, Profile::V3_1_5] {
        assert_eq!(transcript_of_3(profile).await, newest, "{profile}");
    }
}

#[tokio::test]
async fn a_restore_before_4_0_is_followed_from_its_start_to_its_end() {
    for profile in [Profile::V2_2_77, Profile::V3_1_5, Profile::V3_2_4] {
        let mut stand = Stand::new(profile).await;
        stand.ready().await;
        stand.back_up(Full, "").await;
        stand.handle.advance_seconds(600.0);
        for text in [
            "CREATE RESOURCE UNIT small MAX_CPU 1.5, MAX_MEMORY '2G'",
            "CREATE RESOURCE POOL p1 UNIT 'small', UNIT_NUM 1",
        ] {
            stand.driver.act(&Statement::act(text)).await.expect("it is taken");
        }
        let allow = stand.driver.verbs().allow_restore().expect("a parameter decides");
        stand.driver.act(&allow).await.expect("it is taken");
        stand.handle.advance_seconds(5.0);
        assert!(stand.driver.is_restore_allowed().await.expect("answers"), "{profile}");
        let record = stand.driver.backup_records(None).await.expect("answers").remove(0);
        let scn = record.timeline().latest().expect("it can be recovered") - 60_000_123;
        let (from, pools) = ([Secret::new("file:///backup/data")], ["p1".to_owned()]);
        let at = stand.driver.database_now().await.expect("answers");
        let mark = RestoreMark { newest: 0, at, tag: None };
        let wanted = NewTenant { scn: Some(scn), locality: None, primary_zone: None, ..new(&from, &pools) };
        let statement = stand.driver.verbs().start_restore(&wanted);
        stand.driver.act(&statement).await.expect("it is taken");
        let mut stages: Vec<String> = Vec::new();
        loop {
            let jobs = stand.driver.restore_jobs("shop_2").await.expect("answers");
            let job = mark.find(&jobs, "shop_2").expect("one of the views has it at any moment").clone();
            assert_eq!((job.scn, job.origin.tenant_name.as_str()), (scn, "shop"), "{profile}");
            assert!(job.bytes_done <= job.bytes_total && job.bytes_total > 0, "{profile}: {job:?}");
            if stages.last() != Some(&job.stage) {
                stages.push(job.stage.clone());
            }
            if job.status != RestoreStatus::Running {
                assert_eq!(job.status, RestoreStatus::Succeeded, "{profile}: {job:?}");
                assert_eq!(
                    (job.data_progress, job.tenant.is_some()),
                    (Some(10_000), true),
                    "{profile}: {job:?}"
                );
                break;
            }
            stand.handle.advance_seconds(0.5);
        }
        assert_eq!(stages.first().map(String::as_str), Some("CREATE_TENANT"), "{profile}: {stages:?}");
        let resources = stand.driver.resources().await.expect("answers");
        let pool = resources.pools.iter().find(|pool| pool.name == "p1").expect("it is there");
        assert!(pool.tenant.is_some() && pool.zones.len() == 1, "{profile}: {pool:?}");
        let unit = resources.units.iter().find(|unit| unit.name == "small").expect("it is there");
        assert_eq!((unit.cpu_hundredths, unit.memory_bytes), (150, 2 << 30), "{profile}");
        stand.assert_no_gaps(&profile.to_string());
    }
}
