//! The clean-ups of strategies: once a day, at the time of day in the strategy.
//!
//! The key of the order consists of strategy and due time. So it creates one task, whatever crashes and however many
//! servers check. If no set has expired, there is no task, and this server does not check again until the next day.

#[cfg(test)]
mod tests;

use model::Timestamp;
use model::order::{CleanUpOrder, IdempotencyKey, Order};
use model::strategy::Strategy;

use crate::context::Control;
use crate::error::Error;
use crate::flows::clean_up::NOTHING_EXPIRED;
use crate::orders::{self, actor_of_run};

/// Submits the clean-ups that are due.
pub(crate) async fn watch(control: &Control) -> Result<(), Error> {
    let now = control.metadata().now().await?;
    for strategy in control.metadata().strategy_list_whole(None).await?.readable {
        let Some(due) = strategy.clean_up_due(now) else { continue };
        let (id, cleaned) = (strategy.id, &control.context.cleaned);
        if !cleaned.is_news(id, due.compact()) {
            continue;
        }
        match Box::pin(submit(control, &strategy, due)).await {
            Ok(()) => {}
            Err(error) if error.problem().text.id == NOTHING_EXPIRED => {
                tracing::debug!(strategy = %id, %due, "no backup has expired");
            }
            Err(error) if error.is_transient() || error.problem().text.id == RUNS_ALREADY => {
                cleaned.forget(id);
                tracing::debug!(strategy = %id, %due, %error, "a clean-up cannot start yet; trying again");
            }
            Err(error) => tracing::warn!(strategy = %id, %due, %error, "a clean-up was refused"),
        }
    }
    Ok(())
}

/// The text of the refusal while another clean-up of the storage runs.
const RUNS_ALREADY: &str = "clean-up-runs-already";

async fn submit(control: &Control, strategy: &Strategy, due: Timestamp) -> Result<(), Error> {
    let owner = control.metadata().user_get(strategy.owner).await?;
    let actor = actor_of_run(owner, strategy)?;
    let order = CleanUpOrder {
        cluster: strategy.scope.cluster(),
        // For a cluster's strategy all tenants, dropped ones too: their sets expire like the others.
        tenants: strategy.scope.tenant().into_iter().collect(),
        storage: strategy.settings.storage,
        policy: None,
        sets: Vec::new(),
    };
    let key = IdempotencyKey::new(&format!("clean-up-{}-{}", strategy.id, due.compact()))?;
    let accepted = orders::submit(control, &actor, Order::CleanUp(order), Some(&key)).await?;
    tracing::info!(strategy = %strategy.id, %due, task = %accepted.task, "a scheduled clean-up starts");
    Ok(())
}
