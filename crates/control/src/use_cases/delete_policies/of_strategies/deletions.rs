//! Whether the database deletes by the policies that strategies need, or that Lifeboat set.

use std::collections::BTreeMap;

use model::Timestamp;
use model::id::TenantId;
use model::physical::delete_policy::{DeleteJob, DeletePolicy};
use model::retention::kernel::KernelPolicy;
use oceanbase::Driver;

use super::super::overdue::{self, Deleting};
use super::{Round, Seen};
use crate::asking;
use crate::context::Deletions;
use crate::error::Error;
use crate::flows::delete_policy::Outlook;

/// How often the deletions of a database are read: much more is read for them than for the policies.
const READ_EVERY_US: u64 = 5 * 60 * 1_000_000;

impl Round<'_> {
    /// Returns what is wrong with the deletions of the database, which is not read in each check. If it cannot be read,
    /// what was known stays, and the policies are carried out all the same.
    pub(super) async fn deletions(&self, seen: &Seen) -> Deletions {
        let known = self.control.context.clean_up_troubles.deletions_of(self.cluster.id);
        let is_new = |known: &&Deletions| known.is_known && self.now.since(known.read) < READ_EVERY_US;
        if let Some(known) = known.as_ref().filter(is_new) {
            return known.clone();
        }
        let question = async {
            let mut driver = asking::open(&self.control.context, self.cluster).await?;
            self.deleting(&mut driver, &seen.tenants, &seen.policies).await
        };
        match asking::within_longer_limit(self.cluster, question).await {
            Ok(found) => {
                let troubles = found.iter().filter_map(overdue::trouble).collect();
                Deletions { read: self.now, is_known: true, troubles }
            }
            Err(error) => {
                tracing::debug!(cluster = self.cluster.name, %error, "deletions cannot be read");
                let troubles = known.map(|known| known.troubles).unwrap_or_default();
                Deletions { read: self.now, is_known: false, troubles }
            }
        }
    }

    /// Reads what the database deletes of the tenants whose policy a strategy needs, or Lifeboat set.
    async fn deleting(
        &self,
        driver: &mut Driver,
        tenants: &[(TenantId, bool)],
        policies: &BTreeMap<TenantId, DeletePolicy>,
    ) -> Result<Vec<Deleting>, Error> {
        let watched: Vec<_> = tenants
            .iter()
            .filter_map(|(tenant, _)| policies.get(tenant))
            .filter_map(|policy| Some((policy, self.in_force_since(policy)?)))
            .collect();
        if watched.is_empty() {
            return Ok(Vec::new());
        }
        let jobs: BTreeMap<TenantId, DeleteJob> =
            driver.newest_delete_jobs().await?.into_iter().map(|job| (job.tenant, job)).collect();
        let outlook = Outlook::read(driver, None).await?;
        let mut found = Vec::with_capacity(watched.len());
        for (policy, since) in watched {
            let late = match policy.window_us() {
                Some(window_us) if self.now.since(since) >= overdue::GRACE_US => {
                    outlook.overdue(driver, policy.tenant, window_us, overdue::GRACE_US).await?
                }
                _ => Vec::new(),
            };
            let job = jobs.get(&policy.tenant).cloned();
            found.push(Deleting { tenant: policy.tenant, since, late, job, now: outlook.now() });
        }
        Ok(found)
    }

    /// Returns since when the database deletes sets by a policy that Lifeboat set or a strategy needs; none for another
    /// one.
    fn in_force_since(&self, policy: &DeletePolicy) -> Option<Timestamp> {
        policy.rule().filter(|rule| *rule == KernelPolicy::Default)?;
        if let Some(last) = self.owners.last(policy.tenant).filter(|last| last.left(policy)) {
            return Some(last.created);
        }
        let holder = self.holder(policy.tenant)?;
        let clean_up = holder.settings.clean_up?;
        holder.kernel_wish().filter(|wish| policy.is(*wish)).map(|_| clean_up.since)
    }
}
