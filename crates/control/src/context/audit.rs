//! The lines of the audit log. Every use case that changes something writes one, whether it succeeded or was refused.

use std::future::Future;

use metadata::Transaction;
use metadata::audit::Deed;

use super::actor::Actor;
use super::error::Error;
use super::shared::Context;

/// The outcome of a successful action.
const DONE: &str = "done";

/// An action that is about to start, and its actor.
pub(crate) struct Attempt(Deed);

impl Attempt {
    pub(crate) fn new(actor: &Actor, action: &str, target: impl Into<String>) -> Self {
        Self::of(&actor.name, &actor.address, action, target)
    }

    /// Returns an attempt without a logged-on user.
    pub(crate) fn of(user: &str, address: &str, action: &str, target: impl Into<String>) -> Self {
        Self(Deed {
            user: user.to_owned(),
            address: address.to_owned(),
            action: action.to_owned(),
            target: target.into(),
            outcome: DONE.to_owned(),
        })
    }

    /// Writes the success, in the transaction of the action itself.
    pub(crate) async fn done(&self, writer: &mut Transaction) -> Result<(), Error> {
        Ok(writer.audit_append(&self.0).await?)
    }

    /// Waits for the work, which writes its own success with [`Attempt::done`]. Writes the failure, if it fails.
    pub(crate) async fn watch<T>(
        &self,
        context: &Context,
        work: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        let outcome = work.await;
        if let Err(error) = &outcome {
            self.refused(context, error).await;
        }
        outcome
    }

    /// Records a refusal or failure. The caller gets that error, even if the audit log cannot be written.
    async fn refused(&self, context: &Context, why: &Error) {
        let deed = Deed { outcome: why.problem().text.id.clone(), ..self.0.clone() };
        let written = async {
            let mut writer = context.metadata.begin().await?;
            writer.audit_append(&deed).await?;
            writer.commit().await
        };
        if let Err(error) = written.await {
            tracing::error!(%error, action = deed.action, target = deed.target, "cannot write the audit log");
        }
    }
}
