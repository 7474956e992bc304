//! Scripts as an operator writes them, with the stock client, against a clock that runs.

use std::process::Command;

use sim::Profile;

use crate::simulator::Sim;

fn script(name: &str, arguments: &[&str]) -> String {
    let path = format!("{}/tests/operators/{name}", env!("CARGO_MANIFEST_DIR"));
    let output = Command::new(path).args(arguments).output().expect("a shell");
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{name}: {errors}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

async fn run(name: &'static str, arguments: Vec<String>) -> String {
    tokio::task::spawn_blocking(move || {
        script(name, &arguments.iter().map(String::as_str).collect::<Vec<_>>())
    })
    .await
    .expect("the script ends")
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_backs_up_and_restores_a_tenant_of_every_4x() {
    for profile in [Profile::V4_1, Profile::V4_2_5, Profile::V4_3_5, Profile::V4_4] {
        let sim = Sim::start_with(profile, 100.0, |_| ()).await;
        let port = sim.handle.port().to_string();
        let base = "file:///backup/1002".to_owned();
        let full = run("backup-4x.sh", vec![port.clone(), "t1".into(), base.clone(), "full".into()]).await;
        assert_eq!(full, "COMPLETED\tFULL\t0\n1\tSUCCESS\tAVAILABLE\n", "{profile}");
        let next =
            run("backup-4x.sh", vec![port.clone(), "t1".into(), base.clone(), "incremental".into()]).await;
        assert_eq!(next, "COMPLETED\tINC\t0\n2\tSUCCESS\tAVAILABLE\n", "{profile}");
        let restored = run("restore-4x.sh", vec![port, "t9".into(), base]).await;
        assert_eq!(restored, "SUCCESS\n", "{profile}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_finds_the_sets_of_all_tenants_by_the_job_that_handed_out_the_work() {
    for profile in [Profile::V4_0, Profile::V4_2_5, Profile::V4_4] {
        let sim = Sim::start_with(profile, 100.0, |_| ()).await;
        let port = sim.handle.port().to_string();
        let sets = run("backup-all-4x.sh", vec![port, "file:///backup".into()]).await;
        assert_eq!(sets, "1002\t1\tCOMPLETED\n1004\t1\tCOMPLETED\n", "{profile}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_backs_up_a_cluster_of_every_3x() {
    for profile in [Profile::V2_2_77, Profile::V3_1_5, Profile::V3_2_4] {
        let sim = Sim::start_with(profile, 100.0, |_| ()).await;
        let port = sim.handle.port().to_string();
        let full = run("backup-3x.sh", vec![port.clone(), "file:///backup".into(), "full".into()]).await;
        assert_eq!(full, "D\tCOMPLETED\n", "{profile}");
        let next = run("backup-3x.sh", vec![port, "file:///backup".into(), "incremental".into()]).await;
        assert_eq!(next, "I\tCOMPLETED\n", "{profile}");
    }
}
