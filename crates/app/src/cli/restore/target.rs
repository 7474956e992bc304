//! The options for the source, the time and the target of a recovery.

use clap::{ArgGroup, Args};
use model::inventory::ObjectKind;

#[derive(Args)]
pub(super) struct TargetArgs {
    /// The logical backup set to recover. Defaults to a recovery from physical backups
    #[arg(long, value_name = "ID")]
    pub(super) set: Option<i64>,
    /// The cluster: with --set, the target; otherwise the one that was backed up
    #[arg(long, value_name = "NAME")]
    pub(super) cluster: String,
    /// The tenant: with --set the one to recover into, otherwise the one to recover; with --storage its old name. May be left
    /// out where there is only one
    #[arg(long, value_name = "NAME")]
    pub(super) tenant: Option<String>,
    /// Select only this database; repeatable. Defaults to all databases. Without --set, it is recovered from physical backups
    /// into an existing tenant
    #[arg(long, value_name = "NAME")]
    pub(super) database: Vec<String>,
    /// Select only this table or view; repeatable. Defaults to all tables and views. Without --set, it is recovered from
    /// physical backups into an existing tenant, as DATABASE.TABLE=DATABASE.TABLE under a new name
    #[arg(long, value_name = "DATABASE.TABLE")]
    pub(super) table: Vec<String>,
    /// Recover a database under a new name; repeatable
    #[arg(long, value_name = "OLD=NEW")]
    pub(super) rename: Vec<String>,
    /// Recover a set that is unsigned or signed with an untrusted key; ADMIN only. `lifeboat restore plan` shows the
    /// origin of a set
    #[arg(long)]
    pub(super) accept_foreign: bool,
    /// Create procedures, functions and triggers of whole databases, and for a whole set also users and their
    /// privileges; ADMIN only. Without this option, a recovery that skips some of them is partial, and --wait exits
    /// with status 4
    #[arg(long, requires = "set")]
    pub(super) with_code: bool,
    /// Leave out objects of this kind, and do not count the recovery as partial for it: routines, triggers, events,
    /// outlines, users or grants; repeatable
    #[arg(long, value_name = "KIND", requires = "set")]
    pub(super) without: Vec<ObjectKind>,
    #[command(flatten)]
    pub(super) new: NewTenantArgs,
}

impl TargetArgs {
    /// Returns whether single databases or tables are selected.
    pub(super) fn has_objects(&self) -> bool {
        !self.database.is_empty() || !self.table.is_empty()
    }
}

#[derive(Args)]
#[command(group = ArgGroup::new("units").multiple(true))]
pub(super) struct NewTenantArgs {
    /// The time to recover to: a time with its zone (2026-11-22T10:00:00.123456+08:00), an SCN, set:NUMBER (the end
    /// of a backup set, by OceanBase's number), or latest [default: latest]
    #[arg(long, value_name = "TIME", conflicts_with = "set")]
    pub(super) until: Option<String>,
    /// The target cluster. Defaults to the cluster that was backed up
    #[arg(long, value_name = "NAME", conflicts_with = "set")]
    pub(super) into: Option<String>,
    /// The name of the new tenant; defaults to the old name with _restored. With --table or --database, the existing tenant
    /// to recover into; defaults to the old name
    #[arg(long = "as", value_name = "NAME", conflicts_with = "set")]
    pub(super) new_name: Option<String>,
    /// Run the new tenant on this free resource pool; repeatable. With --table or --database, OceanBase uses the pools until
    /// the end of the recovery
    #[arg(long, value_name = "NAME", conflicts_with_all = ["set", "units"])]
    pub(super) pool: Vec<String>,
    /// Restore the new tenant with this table only, database.table; repeatable. Before OceanBase 4.0
    #[arg(long, value_name = "TABLE", conflicts_with_all = ["set", "table", "database"])]
    pub(super) only_table: Vec<String>,
    /// Create a resource pool of this unit specification in each zone, or with ZONE= in this zone; repeatable
    #[arg(long, value_name = "[ZONE=]NAME", conflicts_with = "set", group = "units")]
    pub(super) unit: Vec<String>,
    /// As --unit, with a new unit specification of this size: cpu:2,memory:8G,log-disk:24G. The log disk defaults to three
    /// times the memory; omit it before OceanBase 4.0
    #[arg(long, value_name = "[ZONE=]SIZE", conflicts_with = "set", group = "units")]
    pub(super) new_unit: Vec<String>,
    /// The number of units in each zone. Defaults to 1
    #[arg(long, value_name = "NUMBER", requires = "units")]
    pub(super) unit_count: Option<u32>,
    /// Run the new tenant in this zone only; repeatable. Defaults to all zones if a unit specification is for all zones,
    /// otherwise to the zones that have one
    #[arg(long, value_name = "NAME", requires = "units")]
    pub(super) zone: Vec<String>,
    /// The primary zone of the new tenant, such as zone1;zone2,zone3
    #[arg(long, value_name = "ZONES", conflicts_with = "set")]
    pub(super) primary_zone: Option<String>,
    /// Keep the new tenant as a read-only standby
    #[arg(long, conflicts_with = "set")]
    pub(super) standby: bool,
    /// Recover from encrypted backups. The password comes from LIFEBOAT_BACKUP_PASSWORD, LIFEBOAT_BACKUP_PASSWORD_FILE,
    /// a prompt or standard input
    #[arg(long, conflicts_with = "set")]
    pub(super) decrypt: bool,
    /// Recover from this storage configuration into --cluster, without the cluster that was backed up
    #[arg(long, value_name = "NAME", requires = "folder", conflicts_with_all = ["set", "into"])]
    pub(super) storage: Option<String>,
    /// The folder of the tenant's backups in the storage: CLUSTER/CLUSTER-ID/TENANT-ID, such as obcluster/1/1002. Backups of
    /// 2.2.77 and 3.x need the tenant's name too, as --tenant
    #[arg(long, value_name = "FOLDER", requires = "storage")]
    pub(super) folder: Option<String>,
}
