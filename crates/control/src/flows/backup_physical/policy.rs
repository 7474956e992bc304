//! The delete policies of a tenant when a backup moves its destinations: the database then deletes by them in the new
//! place. One that a strategy has set for another storage or window is dropped. One of a user or of another tool stays, but
//! the backup stops before the move if the database would delete backups there, unless its request accepts that.

use engine::{Note, StepError};
use model::Problem;
use model::id::{StorageId, TenantId};
use model::physical::delete_policy::DeletePolicy;
use model::physical::destination::{LogDestination, TenantDestinations, TenantPlan};
use model::problem::codes;
use model::retention::kernel::KernelPolicy;
use model::size;
use model::strategy::kernel::{self, AtMove};
use model::strategy::{Consent, Holders, Scope};
use model::text::Text;
use oceanbase::Driver;

use super::{Here, State, lane};
use crate::context::Context;
use crate::error::Error;
use crate::flows::delete_policy::{Expiring, Outlook, Owners, may_be_hidden};
use crate::words;

/// A move of a tenant's destinations.
#[derive(Debug, Clone, Copy)]
pub(super) struct Move<'a> {
    pub(super) tenant: TenantId,
    pub(super) name: &'a str,
    /// The storage to which they move.
    pub(super) storage: StorageId,
    /// The destinations now.
    pub(super) found: &'a TenantDestinations,
    /// What is decided about them.
    pub(super) plan: &'a TenantPlan,
}

/// What happens to the delete policies of a tenant when its destinations move.
#[derive(Default)]
pub(super) struct Policies {
    /// These are dropped before.
    pub(super) dropped: Vec<(DeletePolicy, KernelPolicy)>,
    /// These stay, although nobody has seen what expires in the new place; none if that cannot be predicted.
    pub(super) staying: Vec<(DeletePolicy, Option<Expiring>)>,
    /// For how many days the strategy of the tenant keeps backups, if it sets its policy after the move.
    pub(super) next_days: Option<u32>,
}

/// Prepares the delete policies of a tenant for a move of its destinations: drops those that do not move with them, which
/// deletes nothing, and refuses the move if the database would delete by another one what nobody has accepted.
pub(super) async fn before_move(
    at: &Here,
    state: &State,
    driver: &mut Driver,
    to: Move<'_>,
) -> Result<(), StepError> {
    let policies = Policies::read(at.context(), state, driver, to).await?;
    for (policy, expiring) in &policies.staying {
        at.log(words::note(staying(to, policy, expiring.as_ref())));
        if !state.accept_deletions {
            refuse_deletions(to, policy, expiring.as_ref()).map_err(words::refused)?;
        }
    }
    if !policies.dropped.is_empty() && policies.next_days.is_some() {
        agree(at.context(), state, to).await?; // before the drop: a crash after it must not lose the consent
    }
    for (policy, rule) in policies.dropped {
        let statement = driver.verbs().drop_delete_policy(to.name, rule);
        lane::act(at, driver, &statement).await?;
        let id = match policies.next_days {
            Some(_) => "delete-policy-dropped-until-moved",
            None => "delete-policy-dropped-before-move",
        };
        let note = Note::new(id).arg("tenant", to.name).arg("policy", policy.words());
        at.log(note.arg("days", policies.next_days.unwrap_or_default()));
    }
    Ok(())
}

impl Policies {
    /// Reads the policies of a tenant, and decides about them.
    pub(super) async fn read(
        context: &Context,
        state: &State,
        driver: &mut Driver,
        to: Move<'_>,
    ) -> Result<Self, Error> {
        let mut policies = driver.delete_policies().await?;
        policies.retain(|policy| policy.tenant == to.tenant);
        if policies.is_empty() {
            return Ok(Self::default());
        }
        let last = Owners::read(context, state.cluster).await?.last(to.tenant);
        let strategies = context.metadata.strategy_list_whole(Some(state.cluster)).await?;
        let is_hidden = may_be_hidden(&strategies, Scope::Tenant(state.cluster, to.tenant));
        let holders = Holders::of(&strategies.readable);
        let holder = holders.holding(state.cluster, to.tenant).filter(|_| !is_hidden);
        let next = holder.filter(|holder| holder.kernel_wish_in(to.storage).is_some());
        let mut found =
            Self { next_days: next.and_then(|next| next.settings.kernel_window_days()), ..Self::default() };
        for policy in policies {
            match (kernel::at_move(to.tenant, &policy, last.as_ref(), holder, to.storage), policy.rule()) {
                (AtMove::Stays, _) => {}
                (AtMove::Dropped, Some(rule)) => found.dropped.push((policy, rule)),
                (AtMove::Dropped | AtMove::Asks, rule) => {
                    let window = rule.zip(policy.window_us());
                    let expiring = match window {
                        Some((rule, window_us)) => {
                            let outlook = Outlook::read(driver, Some(to.tenant)).await?;
                            Some(outlook.foresee_at(&to.places(), to.tenant, rule, window_us))
                        }
                        None => None,
                    };
                    found.staying.push((policy, expiring));
                }
            }
        }
        Ok(found)
    }
}

impl Move<'_> {
    /// Returns the destinations after the move.
    fn places(&self) -> TenantDestinations {
        let log = self.found.log.clone().unwrap_or_else(|| LogDestination {
            path: String::new(),
            binding: String::new(),
            piece_switch_interval: String::new(),
            compression: String::new(),
            enabled: true,
        });
        TenantDestinations {
            data: Some(self.plan.data.place().to_owned()),
            log: Some(LogDestination { path: self.plan.log.place().to_owned(), ..log }),
        }
    }
}

/// Agrees that the policy of the tenant's strategy is set in its storage after the move, in place of the one that is
/// dropped: who saved the strategy has seen what expires there.
async fn agree(context: &Context, state: &State, to: Move<'_>) -> Result<(), Error> {
    let after = Owners::read(context, state.cluster).await?.newest();
    let mut writer = context.metadata.begin().await?;
    let strategies = writer.strategies_whole_now(state.cluster).await?;
    let holder = Holders::of(&strategies.readable).holding(state.cluster, to.tenant);
    if let Some(holder) = holder.filter(|holder| holder.kernel_wish_in(to.storage).is_some()) {
        let mut agreed = holder.clone();
        agreed.agree(to.tenant, vec![Consent { tenant: to.tenant, policy: None, after }]);
        writer.strategy_update(&agreed).await?;
    }
    Ok(writer.commit().await?)
}

/// Returns what the database is expected to delete in the new place by a policy that stays.
pub(super) fn staying(to: Move<'_>, policy: &DeletePolicy, expiring: Option<&Expiring>) -> Text {
    let text = match expiring {
        Some(expiring) => Text::new("delete-policy-moves")
            .with("sets", listed(expiring))
            .with("pieces", expiring.pieces)
            .with("bytes", size::bytes(expiring.bytes)),
        None => Text::new("delete-policy-moves-unknown"),
    };
    text.with("tenant", to.name).with("policy", policy.words()).with("path", to.plan.data.place())
}

/// Refuses a move after which the database would delete by a policy that stays.
pub(super) fn refuse_deletions(
    to: Move<'_>,
    policy: &DeletePolicy,
    expiring: Option<&Expiring>,
) -> Result<(), Problem> {
    let refusal = match expiring {
        Some(expiring) if expiring.is_nothing() => return Ok(()),
        Some(expiring) => Problem::refused(codes::PRECHECK_FAILED, "delete-policy-moves-and-deletes")
            .with("sets", listed(expiring))
            .with("pieces", expiring.pieces)
            .with("size", size::bytes(expiring.bytes)),
        None => Problem::refused(codes::PRECHECK_FAILED, "delete-policy-moves-unpredicted"),
    };
    let refusal = refusal.with("tenant", to.name).with("policy", policy.words());
    Err(refusal.with("path", to.plan.data.place()))
}

fn listed(expiring: &Expiring) -> String {
    let sets: Vec<String> = expiring.sets.iter().map(|set| set.id.to_string()).collect();
    if sets.is_empty() { "-".to_owned() } else { sets.join(", ") }
}
