//! Drops the users and roles that a load created: they outlive the databases that it created.

use std::collections::BTreeSet;

use oceanbase::{Statement, catalog};
use storage::Client;

use crate::archive::Archive;
use crate::error::{DuringSql as _, Result};
use crate::id::DumpId;
use crate::load::code::{ACCOUNT, marks_of_accounts};
use crate::load::{Options, names};
use crate::source::Target;

/// Drops the users and roles that a load of this dump noted as its own, except those in `before`, which existed when
/// it started (spelled as `'user'@'host'`). Call it before the load's databases are dropped: its notes are in the
/// first one. Returns the dropped ones.
///
/// # Errors
/// Fails when the server does.
pub async fn drop_accounts(
    target: &Target,
    client: &Client,
    dump: &DumpId,
    options: &Options,
    before: &BTreeSet<String>,
) -> Result<Vec<String>> {
    let expected = options.expected_manifest.as_deref();
    let (archive, manifest) = Archive::open(client, dump, &options.identities, expected).await?;
    let names = names(&manifest, options)?;
    let mut session = target.open().await?;
    let mut dropped = Vec::new();
    let marks = marks_of_accounts(&mut session, &archive, &manifest, &names).await?;
    if let Some(marks) = marks
        && marks.owner(&mut session).await?.as_deref() == Some(dump.as_str())
    {
        let ours = marks.all(&mut session).await?;
        let there = catalog::accounts(&mut session).await.during(|| "read the users".to_owned())?;
        for account in there.unwrap_or_default() {
            let name = account.spelled();
            let is_ours = manifest.accounts.contains(&name) && ours.contains_key(&(name.clone(), ACCOUNT));
            if !is_ours || before.contains(&name) {
                continue;
            }
            let kind = if account.is_role { "ROLE" } else { "USER" };
            let drop = Statement::act(format!("DROP {kind} {name}"));
            session.run(&drop).await.during(|| format!("drop {name}"))?;
            dropped.push(name);
        }
    }
    session.close().await;
    Ok(dropped)
}
