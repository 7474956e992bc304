//! Whether this server can do its work: for monitoring without an account.

use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::path::Path;
use std::time::{Duration, Instant};

use model::Problem;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use crate::context::Control;
use crate::error::Error;

/// The maximum duration of an answer; a slower check counts as not ready.
const ANSWER_WAIT: Duration = Duration::from_secs(3);

/// How long an answer is cached: frequent requests must be cheap.
const HOLDS: Duration = Duration::from_secs(2);

/// The file that the check writes into the data directory and removes.
const PROBE_FILE: &str = ".lifeboat-probe";

/// Returns the problems that keep this server from its work now; empty if it is ready.
pub async fn problems(control: &Control) -> Vec<Problem> {
    let mut last = control.context.health.0.lock().await;
    if let Some((found, problems)) = &*last
        && found.elapsed() < HOLDS
    {
        return problems.clone();
    }
    let (metadata, disks) = tokio::join!(of_metadata(control), of_disks(control));
    let problems: Vec<Problem> = metadata.into_iter().chain(disks).collect();
    *last = Some((Instant::now(), problems.clone()));
    problems
}

async fn of_metadata(control: &Control) -> Option<Problem> {
    match timeout(ANSWER_WAIT, control.metadata().check()).await {
        Ok(checked) => checked.err().map(|error| Error::from(error).into_problem()),
        Err(_) => Some(Problem::internal("metadata-no-answer")),
    }
}

/// Checks the data directory and the directories of storages. A network file system may never answer.
pub(crate) async fn of_disks(control: &Control) -> Vec<Problem> {
    let (data_dir, roots) = (control.context.data_dir.clone(), control.context.roots.clone());
    let shown = data_dir.display().to_string();
    let look = spawn_blocking(move || {
        let written = write_probe(&data_dir).map_err(|cause| {
            Problem::internal("data-directory-failed").with("path", data_dir.display()).raw(&cause)
        });
        let roots = roots.check().into_iter().map(|error| Error::from(error).into_problem());
        written.err().into_iter().chain(roots).collect()
    });
    match timeout(ANSWER_WAIT, look).await {
        Ok(problems) => problems.expect("file work does not panic"),
        Err(_) => vec![Problem::internal("disk-no-answer").with("path", shown)],
    }
}

fn write_probe(data_dir: &Path) -> std::io::Result<()> {
    let path = data_dir.join(PROBE_FILE);
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).open(&path)?;
    let written = file.write_all(&[0; 4096]);
    match fs::remove_file(&path) {
        // Another check of the same moment has removed it.
        Err(error) if error.kind() == ErrorKind::NotFound => written,
        removed => removed.and(written),
    }
}

#[cfg(test)]
mod tests {
    use model::Secret;

    use super::{PROBE_FILE, problems, write_probe};
    use crate::context::{Control, Settings};

    #[test]
    fn checks_of_the_same_moment_do_not_disturb_each_other() {
        let dir = tempfile::tempdir().expect("a directory");
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope
                    .spawn(|| (0..500).for_each(|_| write_probe(dir.path()).expect("the directory is fine")));
            }
        });
        assert!(!dir.path().join(PROBE_FILE).exists());
    }

    #[tokio::test]
    async fn a_server_is_ready_until_a_directory_of_its_own_is_gone() {
        let (data, root) = [(); 2].map(|()| tempfile::tempdir().expect("a directory")).into();
        let settings = Settings {
            admin_password: Some(Secret::new("first one")),
            file_roots: vec![root.path().to_owned()],
            ..Settings::new(data.path())
        };
        let control = Control::open(settings).await.expect("opens").control;
        assert_eq!(problems(&control).await, []);
        assert!(!data.path().join(PROBE_FILE).exists());
        root.close().expect("removed");
        assert_eq!(problems(&control).await, [], "an answer holds for a moment");
        *control.context.health.0.lock().await = None;
        let ids: Vec<String> = problems(&control).await.into_iter().map(|problem| problem.text.id).collect();
        assert_eq!(ids, ["storage-missing"]);
    }
}
