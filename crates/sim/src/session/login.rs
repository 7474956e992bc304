//! Log-on: `user@tenant`, `user@tenant#cluster`, `cluster:tenant:user`.

use std::collections::HashMap;
use std::sync::Arc;

use super::Session;
use super::variables::Variables;
use crate::backend::Bridge;
use crate::error::SqlError;
use crate::gen4::command::Ties;
use crate::process::Process;
use crate::world::TenantId;

/// The parts of a login name.
#[derive(Debug, PartialEq, Eq)]
struct Name<'a> {
    user: &'a str,
    tenant: &'a str,
    cluster: Option<&'a str>,
}

impl<'a> Name<'a> {
    fn read(text: &'a str) -> Self {
        if let Some((user, rest)) = text.rsplit_once('@') {
            let (tenant, cluster) = rest.split_once('#').map_or((rest, None), |(t, c)| (t, Some(c)));
            // A number after a second # is the cluster's ID, which proxies use.
            let cluster = cluster.map(|cluster| cluster.split(['#', ':']).next().unwrap_or(cluster));
            return Self { user, tenant, cluster };
        }
        let parts: Vec<&str> = text.split([':', '.']).collect();
        match parts.as_slice() {
            [cluster, tenant, user] => Self { user, tenant, cluster: Some(cluster) },
            _ => Self { user: text, tenant: "sys", cluster: None },
        }
    }
}

impl Session {
    /// Opens a session for a user whose password satisfies `proves`.
    pub(crate) fn open(
        process: &Arc<Process>,
        cluster: usize,
        server: usize,
        connection: u32,
        login: &str,
        database: Option<String>,
        proves: impl Fn(&str) -> bool,
    ) -> Result<Self, SqlError> {
        let name = Name::read(login);
        let (tenant, tenant_name) = process.with(cluster, |world| {
            if name.cluster.is_some_and(|wanted| wanted != world.name) {
                let wanted = name.cluster.unwrap_or_default();
                return Err(SqlError::new(4666, format!("cluster name does not match to '{wanted}'")));
            }
            let tenant = world.tenant_named(name.tenant).ok_or_else(|| SqlError::plain(5160))?;
            let denied = || {
                SqlError::new(
                    4043,
                    format!("Access denied for user '{}'@'xxx.xxx.xxx.xxx' (using password: ?)", name.user),
                )
            };
            if tenant.is_locked && tenant.id != TenantId::SYS {
                return Err(SqlError::new(5001, "").locked(name.user));
            }
            let user = tenant.users.get(name.user).ok_or_else(denied)?;
            if !proves(&user.password) {
                return Err(denied());
            }
            if tenant.mode == "ORACLE" {
                // Only OceanBase's own drivers announce at log-on that they support its Oracle mode.
                return Err(SqlError::not_supported("Oracle tenant for current client driver is"));
            }
            Ok((tenant.id, tenant.name.clone()))
        })?;
        let backend = process.backends.iter().find(|backend| backend.tenant == tenant_name);
        let mut session = Self {
            process: process.clone(),
            cluster,
            server,
            connection,
            user: name.user.to_owned(),
            tenant,
            tenant_name,
            database: String::new(),
            variables: Variables::default(),
            user_variables: HashMap::new(),
            ties: Ties::default(),
            warnings: Vec::new(),
            cut: false,
            bridge: backend.map(|backend| Bridge::new(backend.clone())),
        };
        session.use_database(&database.unwrap_or_default())?;
        Ok(session)
    }
}

impl SqlError {
    fn locked(mut self, user: &str) -> Self {
        (self.code, self.number, self.state) = (5039, 3118, "HY000");
        self.message = format!("Access denied for user '{user}'. Account is locked.");
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_a_login_name_is_read() {
        let name = |user, tenant, cluster| Name { user, tenant, cluster };
        assert_eq!(Name::read("root@sys"), name("root", "sys", None));
        assert_eq!(Name::read("root@sys#obcluster"), name("root", "sys", Some("obcluster")));
        assert_eq!(Name::read("obcluster:sys:root"), name("root", "sys", Some("obcluster")));
        assert_eq!(Name::read("admin@t1"), name("admin", "t1", None));
        assert_eq!(Name::read("root"), name("root", "sys", None));
    }
}
