//! The source of a recovery from physical backups, for every flow that restores one: which backups, until when, where
//! they are and with which keys they are read. The check of the source only reads.

mod check;
pub(crate) mod folder;
mod keys;
mod order;
mod origin;
mod plan;
mod request;
mod session;

pub(crate) use check::{check_recovery_source, forget_passwords, survey, written};
pub(crate) use order::{Decided, draft, drafted, new_task};
pub(crate) use origin::{Origin, open_passwords, seal_passwords, shown};
pub(crate) use plan::{Looked, look, not_restored};
pub(crate) use request::{Chosen, choose, name_of};
pub(crate) use session::{act, driver, leaves_open, open};
