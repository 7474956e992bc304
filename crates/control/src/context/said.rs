//! The messages that this server has logged about each strategy, so that a lasting problem is logged once and not
//! every few seconds. They exist in this process only.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use model::id::StrategyId;

/// The last message about each strategy.
#[derive(Default)]
pub(crate) struct Said(Mutex<BTreeMap<StrategyId, String>>);

impl Said {
    /// Stores the current message about a strategy; returns whether it differs from the last one.
    pub(crate) fn is_news(&self, strategy: StrategyId, what: String) -> bool {
        // Each change is one call: a panic elsewhere leaves nothing half-done here.
        let mut said = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if said.get(&strategy) == Some(&what) {
            return false;
        }
        said.insert(strategy, what);
        true
    }

    /// Forgets the last message about a strategy, so that the same message is logged again.
    pub(crate) fn forget(&self, strategy: StrategyId) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&strategy);
    }
}

#[cfg(test)]
mod tests {
    use model::id::StrategyId;

    use super::Said;

    #[test]
    fn the_same_is_news_once_for_each_strategy() {
        let said = Said::default();
        let told: Vec<bool> = [(1, "a"), (1, "a"), (2, "a"), (1, "b"), (1, "b"), (1, "a")]
            .map(|(strategy, what)| said.is_news(StrategyId(strategy), what.to_owned()))
            .into();
        assert_eq!(told, [true, false, true, true, false, true]);
        said.forget(StrategyId(1));
        assert!(said.is_news(StrategyId(1), "a".to_owned()));
    }
}
