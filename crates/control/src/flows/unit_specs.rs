//! The unit specifications that a recovery creates on its target, and drops when it is cleaned up.

use engine::{At, Flow, Note, StepError};
use model::id::ClusterId;
use model::physical::unit::UnitSpec;
use oceanbase::Driver;
use oceanbase::physical::Verbs;

use super::recovery_source::{act, driver};
use crate::context::Context;
use crate::error::Error;

/// The beginning of the name of a unit specification in a plan, before a task creates it.
pub(crate) const PLANNED: &str = "lifeboat_…_unit_";

/// Returns the name of a unit specification in a plan.
pub(crate) fn planned(number: usize) -> String {
    format!("{PLANNED}{number}")
}

/// Returns the name of a unit specification that a task creates. It contains the task's number, and a tag that
/// distinguishes the task from another installation's task with the same number.
pub(crate) fn named<F: Flow>(at: &At<F>, tag: &str, number: usize) -> String {
    format!("lifeboat_{tag}_{}_unit_{number}", at.task())
}

/// Returns the statements that create unit specifications.
pub(crate) fn statements(verbs: &Verbs, units: &[UnitSpec]) -> Vec<String> {
    units.iter().map(|unit| verbs.create_unit(&unit.name, unit).masked).collect()
}

/// Creates the unit specifications that do not exist. Their names must have been saved before.
pub(crate) async fn create<F>(at: &At<F>, driver: &mut Driver, units: &[UnitSpec]) -> Result<(), StepError>
where
    F: Flow<Context = Context>,
{
    if units.is_empty() {
        return Ok(());
    }
    let have = driver.resources().await.map_err(Error::from)?;
    for unit in units {
        if have.units.iter().any(|known| known.name == unit.name) {
            continue;
        }
        let statement = driver.verbs().create_unit(&unit.name, unit);
        act(at, driver, &statement).await?;
        at.log(Note::new("recovery-unit-created").arg("unit", &unit.name).arg("size", unit.shown()));
    }
    Ok(())
}

/// Drops the unit specifications that a task created and no pool uses.
pub(crate) async fn drop_unused<F>(
    at: &At<F>,
    cluster: ClusterId,
    units: &[UnitSpec],
) -> Result<(), StepError>
where
    F: Flow<Context = Context>,
{
    if units.is_empty() {
        return Ok(());
    }
    let mut driver = driver(at, cluster).await?;
    let have = driver.resources().await.map_err(Error::from)?;
    for unit in units {
        if have.pools.iter().any(|pool| pool.unit == unit.name) {
            at.log(Note::new("recovery-unit-kept").arg("unit", &unit.name));
        } else if have.units.iter().any(|known| known.name == unit.name) {
            let statement = driver.verbs().drop_unit(&unit.name);
            act(at, &mut driver, &statement).await?;
            at.log(Note::new("recovery-unit-dropped").arg("unit", &unit.name));
        }
    }
    Ok(())
}
