//! Who did what. Every use case that changes something writes one line, whether it was done or refused.

use std::future::Future;

use metadata::Transaction;
pub use metadata::audit::AuditFilter;
use metadata::audit::Deed;
use model::Timestamp;
use model::user::Permission;

use crate::actor::Actor;
use crate::context::Control;
use crate::error::Error;
use crate::page::{Page, PageAsk};

/// The outcome of a deed that was done.
const DONE: &str = "done";

/// A deed that was done, or tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditLine {
    /// Its number, increasing.
    pub id: i64,
    /// When.
    pub at: Timestamp,
    /// Who: the account's name.
    pub user: String,
    /// From where.
    pub address: String,
    /// What, such as `backup-now`.
    pub action: String,
    /// About which thing, such as `cluster/prod`.
    pub target: String,
    /// `done`, or the id of the problem that came of it.
    pub outcome: String,
}

/// Returns the deeds that are asked for, newest first.
///
/// # Errors
/// When the actor may not read them, or the metadata fail.
pub async fn list(
    control: &Control,
    actor: &Actor,
    filter: &AuditFilter,
    page: PageAsk,
) -> Result<Page<AuditLine>, Error> {
    actor.must(Permission::ManageUsers)?;
    let lines = control.metadata().audit_list(filter, page.slice()).await?;
    Ok(page.filled(lines).map(|line| {
        let Deed { user, address, action, target, outcome } = line.deed;
        AuditLine { id: line.id, at: line.at, user, address, action, target, outcome }
    }))
}

/// What somebody is about to do.
pub(crate) struct Attempt(Deed);

impl Attempt {
    pub(crate) fn new(actor: &Actor, action: &str, target: impl Into<String>) -> Self {
        Self::of(&actor.name, &actor.address, action, target)
    }

    /// Returns the attempt of somebody who is not logged on.
    pub(crate) fn of(user: &str, address: &str, action: &str, target: impl Into<String>) -> Self {
        Self(Deed {
            user: user.to_owned(),
            address: address.to_owned(),
            action: action.to_owned(),
            target: target.into(),
            outcome: DONE.to_owned(),
        })
    }

    /// Writes that it is done, in the transaction that does it.
    pub(crate) async fn done(&self, writer: &mut Transaction) -> Result<(), Error> {
        Ok(writer.audit_append(&self.0).await?)
    }

    /// Waits for the work, which says itself when it is [`Attempt::done`]; writes if it is not.
    pub(crate) async fn watch<T>(
        &self,
        control: &Control,
        work: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        let outcome = work.await;
        if let Err(error) = &outcome {
            self.refused(control, error).await;
        }
        outcome
    }

    /// Writes that it was refused or failed. Whoever asked hears of that, not of trouble with the log.
    async fn refused(&self, control: &Control, why: &Error) {
        let deed = Deed { outcome: why.problem().text.id.clone(), ..self.0.clone() };
        let written = async {
            let mut writer = control.metadata().begin().await?;
            writer.audit_append(&deed).await?;
            writer.commit().await
        };
        if let Err(error) = written.await {
            tracing::error!(%error, action = deed.action, target = deed.target, "cannot write the audit log");
        }
    }
}
