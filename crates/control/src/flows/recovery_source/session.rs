//! Sessions on the target cluster of a recovery.

use std::sync::Arc;

use engine::{At, Flow, StepError};
use model::id::ClusterId;
use oceanbase::{Driver, Statement, Witness};

use crate::context::Context;
use crate::error::Error;
use crate::flows::step_log::StepLog;

/// The server's error numbers for a killed statement; what it started continues.
const INTERRUPTED: [u16; 3] = [1317, 4064, 4072];

/// Opens a session whose statements go into the step's log.
pub(crate) async fn driver<F>(at: &At<F>, cluster: ClusterId) -> Result<Driver, StepError>
where
    F: Flow<Context = Context>,
{
    Ok(open(at.context(), cluster, Arc::new(StepLog::new(at))).await?)
}

/// Opens a session.
pub(crate) async fn open(
    context: &Context,
    cluster: ClusterId,
    witness: Arc<dyn Witness>,
) -> Result<Driver, Error> {
    let cluster = context.cluster(cluster).await?;
    let endpoint = context.endpoint(&cluster).await?;
    Ok(Driver::open(&endpoint, witness).await?)
}

/// Sends a statement that changes the cluster, if this worker still holds the task.
pub(crate) async fn act<F: Flow>(
    at: &At<F>,
    driver: &mut Driver,
    statement: &Statement,
) -> Result<(), StepError> {
    at.may_act(statement.timeout).await?;
    Ok(driver.act(statement).await.map_err(Error::from)?)
}

/// Returns whether the outcome of the statement is unknown: RootService executes it, and continues even if the server
/// of our connection loses the request.
pub(crate) fn leaves_open(error: &oceanbase::Error) -> bool {
    error.is_transient() || error.number().is_none_or(|number| INTERRUPTED.contains(&number))
}

#[cfg(test)]
mod tests {
    use model::cluster::Address;

    use super::leaves_open;

    #[test]
    fn only_a_refusal_proves_that_no_job_will_come() {
        let answer = |number| oceanbase::Error::Server {
            address: Address { host: "one".into(), port: 2881 },
            statement: String::new(),
            number,
            sqlstate: "HY000".into(),
            text: String::new(),
        };
        // Timed out, RootService moved or was not reached, or the statement was killed.
        for number in [4012, 4038, 4121, 4122, 4124, 1317] {
            assert!(leaves_open(&answer(number)), "{number}");
        }
        for number in [1064, 1210, 4626, 5156, 9047, 9119] {
            assert!(!leaves_open(&answer(number)), "{number}");
        }
    }
}
