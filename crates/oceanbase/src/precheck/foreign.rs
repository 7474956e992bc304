//! Foreign backups of the cluster: destinations, policies and jobs that Lifeboat did not create.

use model::ability::Generation;
use model::physical::JobStatus;

use super::checks;
use crate::answer::Row;
use crate::error::Error;
use crate::probe::parameters;
use crate::session::Session;
use crate::statement::Statement;

/// The query, and the text of the warning.
pub(super) const QUESTIONS: [(&str, &str, Question); 3] = [
    (checks::DESTINATIONS, "takeover-destinations-found", Question::Destinations),
    (checks::POLICIES, "takeover-policies-found", Question::Policies),
    (checks::JOBS, "takeover-jobs-found", Question::Jobs),
];

#[derive(Clone, Copy)]
pub(super) enum Question {
    Destinations,
    Policies,
    Jobs,
}

const LOG_DESTINATIONS: &str =
    "SELECT tenant_id, value FROM oceanbase.CDB_OB_ARCHIVE_DEST WHERE name = 'path' ORDER BY tenant_id";

const DATA_DESTINATIONS: &str = "SELECT tenant_id, value FROM oceanbase.CDB_OB_BACKUP_PARAMETER \
                                 WHERE name = 'data_backup_dest' ORDER BY tenant_id";

const POLICIES: &str =
    "SELECT tenant_id, recovery_window FROM oceanbase.CDB_OB_BACKUP_DELETE_POLICY ORDER BY tenant_id";

/// A job that has just ended stays in the view for a short time.
const JOBS: &str =
    "SELECT tenant_id, job_id, status FROM oceanbase.CDB_OB_BACKUP_JOBS ORDER BY tenant_id, job_id";

/// One row for each tenant of a backup. The kernel deletes the rows when the backup is cleaned up; some builds keep
/// them.
const JOBS_OF_3: &str =
    "SELECT tenant_id, bs_key, status FROM oceanbase.CDB_OB_BACKUP_PROGRESS ORDER BY bs_key, tenant_id";

/// Returns what was found, each with its tenant; `None` if the generation does not have it.
pub(super) async fn ask(
    session: &mut Session,
    generation: Generation,
    question: Question,
) -> Result<Option<Vec<String>>, Error> {
    let found = match (generation, question) {
        (Generation::Seekdb, _) => return Ok(None),
        (Generation::Gen4, Question::Destinations) => {
            let mut found = listed(session, LOG_DESTINATIONS).await?;
            found.extend(listed(session, DATA_DESTINATIONS).await?);
            found
        }
        (Generation::Gen4, Question::Policies) => listed(session, POLICIES).await?,
        (Generation::Gen4, Question::Jobs) => running(session, JOBS).await?,
        (Generation::Gen3, Question::Destinations) => {
            let mut found = parameters::values(session, "backup_dest").await?;
            found.dedup(); // one row for each server
            found.iter().map(|place| place_only(place).to_owned()).filter(|place| !place.is_empty()).collect()
        }
        (Generation::Gen3, Question::Policies) => {
            let mut found = parameters::values(session, "backup_dest_option").await?;
            found.dedup();
            found.retain(|options| options.contains("auto_delete_obsolete_backup=true"));
            found
        }
        (Generation::Gen3, Question::Jobs) => running(session, JOBS_OF_3).await?,
    };
    Ok(Some(found))
}

async fn listed(session: &mut Session, text: &str) -> Result<Vec<String>, Error> {
    let rows = session.rows(&Statement::read(text)).await?;
    rows.iter().map(by_tenant).filter_map(Result::transpose).collect()
}

/// Returns the jobs that are not finished.
async fn running(session: &mut Session, text: &str) -> Result<Vec<String>, Error> {
    let rows = session.rows(&Statement::read(text)).await?;
    let is_over = |row: &Row| row.str("status").is_ok_and(|word| JobStatus::of(word).is_over());
    rows.iter().filter(|row| !is_over(row)).map(by_tenant).filter_map(Result::transpose).collect()
}

/// Returns `tenant: value`, or `None` for an empty value.
fn by_tenant(row: &Row) -> Result<Option<String>, Error> {
    let thing = place_only(row.maybe_str(1)?.unwrap_or_default());
    Ok(if thing.is_empty() { None } else { Some(format!("{}: {thing}", row.str(0)?)) })
}

/// Removes what follows a location: these columns contain access keys.
fn place_only(place: &str) -> &str {
    place.split('?').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::place_only;

    #[test]
    fn keys_are_cut_off() {
        assert_eq!(place_only("oss://b/p?host=h&access_id=AK&access_key=SK"), "oss://b/p");
        assert_eq!(place_only("file:///backup"), "file:///backup");
    }
}
