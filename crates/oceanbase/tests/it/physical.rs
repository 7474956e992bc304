//! Physical backup in every simulated version: the statements are golden, the views are read.

use std::sync::Arc;

use model::archive::{ArchiveStatus, ArchiveStep, LogBackupWish, next_step};
use model::backup::DataBackupMode::{self, Full, Incremental};
use model::compaction::CompactionStatus;
use model::id::TenantId;
use model::physical::destination::LogAttributes;
use model::physical::identity::{JobMark, part_of};
use model::physical::{JobStatus, SYS, Scope};
use model::{Secret, Timestamp};
use oceanbase::physical::BackupOptions;
use oceanbase::{Driver, Endpoint, Statement};
use sim::{ClusterConfig, Config, Fault, FaultName, Handle, Profile, Server, TenantConfig};
use tempfile::TempDir;

use crate::recorder::Recorder;
use crate::simulated::on_both_4x;

/// How often the clock is put forward before something is taken for stuck.
const TURNS_MAX: u32 = 200;

/// A cluster with the tenants `shop` and `books`, and a session on it.
pub(crate) struct Stand {
    pub(crate) handle: Handle,
    pub(crate) driver: Driver,
    pub(crate) recorder: Arc<Recorder>,
    pub(crate) scope: Scope,
    _files: TempDir,
}

impl Stand {
    pub(crate) async fn new(profile: Profile) -> Self {
        let files = TempDir::new().expect("a directory");
        let cluster = ClusterConfig {
            version: profile.to_string(),
            sys_password: "of-the-sys-tenant".into(),
            tenants: vec![TenantConfig::named("shop"), TenantConfig::named("books")],
            ..ClusterConfig::default()
        };
        let config = Config {
            clusters: vec![cluster],
            start_us: Some(1_760_000_000_000_000),
            file_root: Some(files.path().to_owned()),
            ..Config::paused(profile)
        };
        let handle = Server::start(config).await.expect("the simulator starts");
        let address = model::cluster::Address { host: "127.0.0.1".into(), port: handle.port() };
        let endpoint = Endpoint::new(vec![address], "root@sys", Secret::new("of-the-sys-tenant"));
        let recorder = Recorder::new();
        let mut driver = Driver::open(&endpoint, recorder.clone()).await.expect("it lets us in");
        let scope = if profile.is_tenant_level() {
            let tenants = driver.tenants().await.expect("it has some");
            let shop = tenants.iter().find(|tenant| tenant.name == "shop").expect("it was made");
            Scope::Tenant { id: shop.id, name: shop.name.clone() }
        } else {
            Scope::Cluster
        };
        recorder.clear();
        Self { handle, driver, recorder, scope, _files: files }
    }

    /// Returns how the cluster is logged on to.
    pub(crate) fn endpoint(&self) -> Endpoint {
        let address = model::cluster::Address { host: "127.0.0.1".into(), port: self.handle.port() };
        Endpoint::new(vec![address], "root@sys", Secret::new("of-the-sys-tenant"))
    }

    async fn set_destinations(&mut self) {
        let verbs = self.driver.verbs();
        let data = verbs.set_data_destination(&self.scope, &Secret::new("file:///backup/data"));
        self.driver.act(&data).await.expect("the destination is taken");
        if let Scope::Tenant { name, .. } = &self.scope {
            let log = Secret::new("file:///backup/clog");
            let log = verbs.set_log_destination(name, &log, &LogAttributes::default());
            self.driver.act(&log).await.expect("the destination is taken");
        }
    }

    pub(crate) async fn archive(&mut self, wish: LogBackupWish, until: ArchiveStatus) {
        for _ in 0..TURNS_MAX {
            let round =
                self.driver.archive_round(&self.scope).await.expect("answers").expect("the tenant is there");
            let step = next_step(wish, &round).expect("it is allowed");
            if step == ArchiveStep::Nothing {
                assert_eq!(round.status, until);
                return;
            }
            if let Some(statement) = self.driver.verbs().archive_step(&self.scope, step) {
                self.driver.act(&statement).await.expect("the step is taken");
            }
            self.handle.advance_seconds(5.0);
        }
        panic!("log backup never gets to {until:?}");
    }

    /// Freezes and waits, where the version needs it.
    async fn compact(&mut self) {
        let statement = self.driver.verbs().major_freeze("shop");
        self.driver.act(&statement).await.expect("the freeze is taken");
        for _ in 0..TURNS_MAX {
            self.handle.advance_seconds(5.0);
            let all = self.driver.compactions().await.expect("answers");
            if all.iter().all(|one| one.status == CompactionStatus::Idle) {
                return;
            }
        }
        panic!("the merge never ends");
    }

    pub(crate) async fn ready(&mut self) {
        self.set_destinations().await;
        self.archive(LogBackupWish::Start, ArchiveStatus::Doing).await;
        self.handle.advance_seconds(5.0);
        if self.scope == Scope::Cluster {
            self.compact().await;
        }
    }

    /// Starts a backup and follows it to its end; returns how it ended, and its set.
    pub(crate) async fn back_up(&mut self, mode: DataBackupMode, tag: &str) -> (JobStatus, i64) {
        let tenant = self.scope.tenant();
        let now = self.driver.database_now().await.expect("answers");
        let before = self.driver.backup_jobs(&self.scope).await.expect("answers");
        let newest = before.iter().filter(|job| job.tenant == SYS).map(|job| job.id).max().unwrap_or(0);
        let mark = JobMark::new(&self.driver.server().version, tag, newest, now);
        let options = BackupOptions { mode, plus_archivelog: false, tag: mark.tag(), to: None };
        let statement = self.driver.verbs().start_backup(&self.scope, options);
        self.driver.act(&statement).await.expect("the backup is taken");
        let mut is_seen = false;
        for _ in 0..TURNS_MAX {
            let jobs = self.driver.backup_jobs(&self.scope).await.expect("answers");
            let Some(job) = mark.find(&jobs, mode, tenant) else {
                // On 3.x a moment passes before the first view shows it; afterwards one of them always does.
                assert!(!is_seen && self.scope == Scope::Cluster, "our job is in a view at any moment");
                self.handle.advance_seconds(0.5);
                continue;
            };
            is_seen = true;
            let part = if tenant == SYS { Some(job) } else { part_of(job, &jobs, tenant) };
            if let Some(part) = part.filter(|part| part.status.is_over()) {
                return (part.status, part.set.unwrap_or_default());
            }
            if let Some(part) = part {
                let progress = self.driver.backup_progress(part).await.expect("answers");
                assert!(progress.is_none_or(|progress| progress.blocks_done <= progress.blocks));
            }
            self.handle.advance_seconds(0.5);
        }
        panic!("the backup never ends");
    }

    pub(crate) fn assert_no_gaps(&self, what: &str) {
        let gaps: Vec<_> = self.handle.transcript().into_iter().filter(|entry| entry.gap).collect();
        assert!(gaps.is_empty(), "{what}: {gaps:?}");
    }
}

on_both_4x! {
    log_backup_of_4_is_paused_and_resumed_in_the_same_round,
    an_interruption_is_reported_with_the_databases_comment,
    only_the_chosen_tenant_is_archived_and_compacted,
    refusals_of_the_database_have_a_meaning,
}

#[tokio::test]
async fn every_version_is_backed_up_in_full_and_incrementally() {
    for profile in Profile::ALL {
        let mut stand = Stand::new(profile).await;
        stand.ready().await;
        for (number, mode) in [(1, Full), (2, Incremental)] {
            let (status, set) = stand.back_up(mode, &format!("lifeboat-{number}")).await;
            assert_eq!((status, set), (JobStatus::Completed, number), "{profile} {mode:?}");
            let sets = stand.driver.backup_sets(&stand.scope).await.expect("answers");
            let ours = sets.iter().find(|ours| ours.set == set && ours.tenant == stand.scope.tenant());
            let ours = ours.expect("its set is in the view");
            assert!(ours.is_usable(), "{profile}: {ours:?}");
            assert_eq!(ours.mode, mode, "{profile}");
            assert!(ours.restore_scn > 0 && ours.ended > ours.started, "{profile}: {ours:?}");
            stand.handle.advance_seconds(60.0);
        }
        stand.archive(LogBackupWish::Stop, ArchiveStatus::Stop).await;
        stand.assert_no_gaps(&profile.to_string());
    }
}

#[tokio::test]
async fn how_a_backup_of_3_ended_is_read_from_the_history_whatever_the_running_views_keep() {
    use JobStatus::{Completed, Failed};
    let kernels = [None, Some(FaultName::BackupRowsKept), Some(FaultName::BackupCleanedUpAtOnce)];
    for profile in [Profile::V2_2_77, Profile::V3_1_5, Profile::V3_2_4] {
        for kernel in kernels {
            let what = format!("{profile} {kernel:?}");
            let mut stand = Stand::new(profile).await;
            stand.ready().await;
            kernel.into_iter().for_each(|name| stand.handle.fault(&Fault::new(name)));
            assert_eq!(stand.back_up(Full, "").await, (Completed, 1), "{what}");
            stand.handle.advance_seconds(600.0);
            assert_eq!(stand.back_up(Incremental, "").await, (Completed, 2), "{what}");
            stand.handle.advance_seconds(600.0);

            let now = stand.driver.database_now().await.expect("answers");
            let full = BackupOptions { mode: Full, plus_archivelog: false, tag: None, to: None };
            let statement = stand.driver.verbs().start_backup(&stand.scope, full);
            stand.driver.act(&statement).await.expect("the backup is taken");
            stand.handle.advance_seconds(6.0);
            let cancel = stand.driver.verbs().cancel_backup(&stand.scope);
            stand.driver.act(&cancel).await.expect("it is cancelled");
            stand.handle.advance_seconds(600.0);
            let mark = JobMark::After { id: 2, at: now };
            let jobs = stand.driver.backup_jobs(&stand.scope).await.expect("answers");
            let ended = mark.find(&jobs, Full, SYS).map(|job| (job.id, job.status));
            assert_eq!(ended, Some((3, Failed)), "{what}");
            let all: Vec<_> = jobs.iter().map(|job| (job.id, job.mode, job.status)).collect();
            assert_eq!(all, [(1, Full, Completed), (2, Incremental, Completed), (3, Full, Failed)], "{what}");
            assert_eq!(stand.driver.all_backup_jobs().await.expect("answers"), jobs, "{what}");
        }
    }
}

#[tokio::test]
async fn moments_of_every_version_are_those_of_the_database() {
    for profile in Profile::ALL {
        let mut stand = Stand::new(profile).await;
        let begun = Timestamp(stand.handle.now_us());
        assert_eq!(stand.driver.database_now().await.expect("answers"), begun, "{profile}");
        stand.ready().await;
        let round = stand.driver.archive_round(&stand.scope).await.expect("answers").expect("it is there");
        let now = Timestamp(stand.handle.now_us());
        for moment in [round.start, round.checkpoint] {
            assert!(moment.is_some_and(|moment| moment >= begun && moment <= now), "{profile}: {round:?}");
        }
        for compaction in stand.driver.compactions().await.expect("answers") {
            assert!(compaction.frozen_at.is_none_or(|at| at <= now), "{profile}: {compaction:?}");
        }
    }
}

#[tokio::test]
async fn what_was_set_is_read_back_without_keys() {
    for profile in [Profile::V3_1_5, Profile::V4_0, Profile::V4_2_5, Profile::V4_6] {
        let mut stand = Stand::new(profile).await;
        let verbs = stand.driver.verbs();
        let address = Secret::new("oss://bucket/data?host=oss.example.org&access_id=AK&access_key=hunter2");
        let data = verbs.set_data_destination(&stand.scope, &address);
        stand.driver.act(&data).await.expect("the destination is taken");
        let shown = match stand.scope.clone() {
            Scope::Tenant { id, name } => {
                let log =
                    Secret::new("oss://bucket/clog?host=oss.example.org&access_id=AK&access_key=hunter2");
                let attributes =
                    LogAttributes { piece_switch_interval: "2d".into(), ..LogAttributes::default() };
                let log = verbs.set_log_destination(&name, &log, &attributes);
                stand.driver.act(&log).await.expect("the destination is taken");
                let found = stand.driver.tenant_destinations(id).await.expect("answers");
                assert_eq!(found.data.as_deref(), Some("oss://bucket/data"));
                let log = found.log.clone().expect("it was set");
                assert_eq!((log.path.as_str(), log.binding.as_str()), ("oss://bucket/clog", "OPTIONAL"));
                assert_eq!((log.piece_switch_interval.as_str(), log.enabled), ("2d", true));
                format!("{found:?}")
            }
            _ => {
                stand.handle.advance_seconds(5.0); // every server reads it for itself
                let found = stand.driver.cluster_destinations().await.expect("answers");
                assert!(
                    !found.is_empty() && found.iter().all(|path| path == "oss://bucket/data"),
                    "{found:?}"
                );
                format!("{found:?}")
            }
        };
        let seen = format!("{shown} {} {address:?}", stand.recorder.transcript());
        assert!(!seen.contains("hunter2") && seen.contains("access_key=***"), "{profile}: {seen}");
    }
}

async fn log_backup_of_4_is_paused_and_resumed_in_the_same_round(profile: Profile) {
    let mut stand = Stand::new(profile).await;
    stand.ready().await;
    let round = stand.driver.archive_round(&stand.scope).await.expect("answers").expect("it is there").round;
    stand.archive(LogBackupWish::Pause, ArchiveStatus::Suspend).await;
    stand.archive(LogBackupWish::Resume, ArchiveStatus::Doing).await;
    let after = stand.driver.archive_round(&stand.scope).await.expect("answers").expect("it is there");
    assert_eq!((after.round, after.mode_on, after.enabled), (round, Some(true), true));
}

async fn an_interruption_is_reported_with_the_databases_comment(profile: Profile) {
    let mut stand = Stand::new(profile).await;
    stand.ready().await;
    stand.handle.fault(&Fault { tenant: Some("shop".into()), ..Fault::new(FaultName::ArchiveInterrupted) });
    stand.handle.advance_seconds(30.0);
    let round = stand.driver.archive_round(&stand.scope).await.expect("answers").expect("it is there");
    assert_eq!(round.status, ArchiveStatus::Interrupted);
    let problem = next_step(LogBackupWish::Start, &round).expect_err("refused");
    assert!(problem.text.raw.is_some_and(|words| words.contains("interrupted")), "{:?}", round.comment);
}

async fn only_the_chosen_tenant_is_archived_and_compacted(profile: Profile) {
    let mut stand = Stand::new(profile).await;
    stand.ready().await;
    let rounds = stand.driver.archive_rounds().await.expect("answers");
    let running = rounds.iter().filter(|round| round.status == ArchiveStatus::Doing).count();
    assert_eq!((rounds.len(), running), (2, 1));
    stand.compact().await;
    let merged = stand.driver.compactions().await.expect("answers");
    let merged: Vec<_> = merged.iter().filter(|one| one.finished.is_some()).map(|one| one.tenant).collect();
    assert_eq!(merged, [stand.scope.tenant()], "neither the sys tenant nor another's");
}

#[tokio::test]
async fn a_freeze_while_merging_is_a_warning_on_4_and_an_error_on_3() {
    for (profile, number) in [(Profile::V4_2_5, 4744), (Profile::V4_6, 4744), (Profile::V3_1_5, 4213)] {
        let mut stand = Stand::new(profile).await;
        let freeze = stand.driver.verbs().major_freeze("shop");
        stand.driver.act(&freeze).await.expect("the first is taken");
        let told = match stand.driver.act_and_hear(&freeze).await {
            Ok(warnings) => warnings.first().map(|warning| warning.0),
            Err(error) => {
                assert_eq!(error.problem().text.id, "database-freeze-unfinished");
                error.number().map(u64::from)
            }
        };
        assert_eq!(told, Some(number), "{profile}");
    }
}

#[tokio::test]
async fn single_tenants_of_3_go_to_the_requested_destination() {
    let mut stand = Stand::new(Profile::V3_2_4).await;
    stand.ready().await;
    let scope = Scope::Tenants { names: vec!["shop".into()] };
    let to = Secret::new("file:///tenants");
    let options = BackupOptions { mode: Full, plus_archivelog: false, tag: None, to: Some(&to) };
    let statement = stand.driver.verbs().start_backup(&scope, options);
    assert_eq!(statement.masked, "ALTER SYSTEM BACKUP TENANT `shop` TO 'file:///tenants'");
    stand.driver.act(&statement).await.expect("the backup is taken");
    stand.handle.advance_seconds(120.0);
    let jobs = stand.driver.backup_jobs(&scope).await.expect("answers");
    assert_eq!(jobs.last().map(|job| job.status), Some(JobStatus::Completed));
}

/// The statements of one backup to a cluster, from the first to the last.
async fn transcript(profile: Profile) -> String {
    let mut stand = Stand::new(profile).await;
    let verbs = stand.driver.verbs();
    let address = Secret::new("oss://b/data?host=h&access_id=AK&access_key=SK");
    let scope = stand.scope.clone();
    let to = Secret::new("file:///x");
    let mut lines = vec![verbs.set_data_destination(&scope, &address)];
    if scope.tenant() != SYS {
        let attributes = LogAttributes { compression: Some("enable".into()), ..LogAttributes::default() };
        lines.push(verbs.set_log_destination("shop", &address, &attributes));
    }
    for step in [ArchiveStep::SwitchOn, ArchiveStep::SwitchOff, ArchiveStep::Enable, ArchiveStep::Defer] {
        lines.extend(verbs.archive_step(&scope, step));
    }
    lines.push(verbs.set_backup_password(&Secret::new("pw")));
    for mode in [Full, Incremental] {
        let options = BackupOptions { mode, plus_archivelog: true, tag: Some("lifeboat-7"), to: None };
        lines.push(verbs.start_backup(&scope, options));
    }
    let tenants = Scope::Tenants { names: vec!["a".into(), "b".into()] };
    if scope == Scope::Cluster {
        let options = BackupOptions { mode: Full, plus_archivelog: false, tag: None, to: Some(&to) };
        lines.push(verbs.start_backup(&tenants, options));
    }
    lines.extend([verbs.cancel_backup(&scope), verbs.major_freeze("shop"), verbs.clear_merge_error("shop")]);
    let verbs = lines.into_iter().map(|line| format!("! {}\n", line.masked)).collect::<String>();
    stand.recorder.clear();
    let driver = &mut stand.driver;
    driver.database_now().await.expect("answers");
    driver.archive_rounds().await.expect("answers");
    driver.archive_round(&scope).await.expect("answers");
    match &scope {
        Scope::Tenant { id, .. } => drop(driver.tenant_destinations(*id).await.expect("answers")),
        _ => drop(driver.cluster_destinations().await.expect("answers")),
    }
    let jobs = driver.backup_jobs(&scope).await.expect("answers");
    assert_eq!(jobs, []);
    driver.backup_sets(&scope).await.expect("answers");
    driver.data_version(&scope).await.expect("answers");
    driver.compactions().await.expect("answers");
    format!("{verbs}{}", stand.recorder.statements())
}

#[tokio::test]
async fn statements_for_4_match_the_snapshot() {
    let newest = transcript(Profile::V4_4).await;
    insta::assert_snapshot!(newest);
    for profile in [Profile::V4_4_2, Profile::V4_6] {
        assert_eq!(transcript(profile).await, newest, "{profile}");
    }
    for profile in [Profile::V4_1, Profile::V4_2_5, Profile::V4_3_5] {
        // The newest has no word for the compression of logs any more.
        let said = transcript(profile).await;
        assert!(said.contains(" COMPRESSION=enable"), "{said}");
        assert_eq!(said.replace(" COMPRESSION=enable", ""), newest, "{profile}");
    }
    // The first one puts no logs into sets.
    let first = transcript(Profile::V4_0).await.replace(" COMPRESSION=enable", "");
    assert_eq!(first, newest.replace(" PLUS ARCHIVELOG", ""));
}

#[tokio::test]
async fn statements_for_3_match_the_snapshot() {
    let newest = transcript(Profile::V3_2_4).await;
    insta::assert_snapshot!(newest);
    assert_eq!(transcript(Profile::V3_1_5).await, newest);
    let oldest = transcript(Profile::V2_2_77).await;
    let differing: Vec<_> = oldest.lines().filter(|line| !newest.contains(line)).collect();
    assert_eq!(differing.len(), 3, "{differing:?}");
    assert!(differing.iter().all(|line| line.contains("CDB_OB_BACKUP_SET_DETAILS")), "{differing:?}");
}

async fn refusals_of_the_database_have_a_meaning(profile: Profile) {
    let mut stand = Stand::new(profile).await;
    let verbs = stand.driver.verbs();
    let options = BackupOptions { mode: Full, plus_archivelog: false, tag: None, to: None };
    let other = Scope::Tenant { id: TenantId(9), name: "nobody".into() };
    let cases = [
        (verbs.start_backup(&stand.scope, options), "database-backup-can-not-start"),
        (verbs.start_backup(&other, options), "database-tenant-unknown"),
        (verbs.set_data_destination(&stand.scope, &Secret::new("ftp://x")), "database-backup-address-wrong"),
    ];
    for (statement, meaning) in cases {
        let error = stand.driver.act(&statement).await.expect_err("refused");
        assert_eq!(error.problem().text.id, meaning, "{statement}: {error}");
    }
    for (name, meaning) in [
        (FaultName::DestinationUnreachable, "database-backup-unreachable"),
        (FaultName::DestinationDenied, "database-backup-denied"),
        (FaultName::DestinationForeign, "database-backup-foreign"),
    ] {
        stand.handle.fault(&Fault::new(name));
        let statement = verbs.set_data_destination(&stand.scope, &Secret::new("file:///backup/data"));
        let error = stand.driver.act(&statement).await.expect_err("refused");
        assert_eq!(error.problem().text.id, meaning, "{name:?}: {error}");
        stand.handle.clear_faults(None);
    }
}

#[tokio::test]
async fn log_backup_that_is_already_in_the_requested_state_is_not_a_failure() {
    for profile in Profile::ALL {
        let mut stand = Stand::new(profile).await;
        stand.set_destinations().await;
        let verbs = stand.driver.verbs();
        for step in [ArchiveStep::SwitchOn, ArchiveStep::SwitchOff] {
            let statement = verbs.archive_step(&stand.scope, step).expect("a statement");
            stand.driver.act(&statement).await.expect("it is taken");
            let again = stand.driver.act(&statement).await;
            assert!(
                again.as_ref().is_err_and(|error| verbs.is_so_already(error)),
                "{profile} {step:?}: {again:?}"
            );
            stand.handle.advance_seconds(600.0);
        }
    }
}

/// A row of the backup jobs that copies the archive is not a data backup: not while it runs, not afterwards.
#[tokio::test]
async fn a_copy_of_the_archive_is_not_counted_as_a_backup() {
    for profile in [Profile::V4_4_2, Profile::V4_6] {
        let mut stand = Stand::new(profile).await;
        stand.ready().await;
        let (_, set) = stand.back_up(Full, "lifeboat-1").await;
        stand.handle.advance_seconds(2.0 * 86_400.0);
        let before = stand.driver.backup_jobs(&stand.scope).await.expect("answers");
        let Scope::Tenant { name, .. } = &stand.scope else { panic!("4.x backs up tenants") };
        for text in [
            format!(
                "ALTER SYSTEM SET BACKUP_ARCHIVE_DEST = 'LOCATION=file:///backup/copies' TENANT = {name}"
            ),
            format!("ALTER SYSTEM BACKUP ARCHIVELOG ALL TENANT = {name}"),
        ] {
            stand.driver.act(&Statement::act(text)).await.expect("it is taken");
        }
        for _ in 0..30 {
            let mut jobs = stand.driver.backup_jobs(&stand.scope).await.expect("answers");
            jobs.retain(|job| job.is_data);
            assert_eq!(jobs, before, "{profile}");
            stand.handle.advance_seconds(2.0);
        }
        let copied = "SELECT backup_set_id, status FROM oceanbase.CDB_OB_BACKUP_JOB_HISTORY WHERE backup_type LIKE 'BACKUP_ARCHIVE%'";
        let rows = stand.driver.session().rows(&Statement::read(copied.to_owned())).await.expect("answers");
        assert_eq!(rows.len(), 1, "{profile}: the copy ran");
        let sets = stand.driver.backup_sets(&stand.scope).await.expect("answers");
        assert!(sets.iter().all(|known| known.set == set), "{profile}: {sets:?}");
    }
}
