//! The user names of OceanBase: `user`, `user@tenant`, `user@tenant#cluster`, `cluster:tenant:user`. OBProxy uses the
//! cluster name to find the cluster.

/// The parts of a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Login<'a> {
    /// The user.
    pub user: &'a str,
    /// The tenant; the sys tenant by default.
    pub tenant: Option<&'a str>,
    /// The cluster.
    pub cluster: Option<&'a str>,
}

impl<'a> Login<'a> {
    /// Reads a name of any form.
    #[must_use]
    pub fn read(name: &'a str) -> Self {
        let parted =
            |text: &'a str| text.split_once('#').map_or((text, None), |(one, rest)| (one, Some(rest)));
        if let Some((user, rest)) = name.rsplit_once('@') {
            let (tenant, cluster) = parted(rest);
            return Self { user, tenant: Some(tenant), cluster };
        }
        let mut parts = name.splitn(3, ':');
        if let (Some(cluster), Some(tenant), Some(user)) = (parts.next(), parts.next(), parts.next()) {
            return Self { user, tenant: Some(tenant), cluster: Some(cluster) };
        }
        let (user, cluster) = parted(name);
        Self { user, tenant: None, cluster }
    }
}

/// Returns the user name for a tenant at the same address as the user `beside`: if `beside` contains the cluster
/// name, as for OBProxy, the new name does too.
#[must_use]
pub fn of_tenant(user: &str, tenant: &str, beside: &str) -> String {
    match Login::read(beside).cluster {
        Some(cluster) => format!("{user}@{tenant}#{cluster}"),
        None => format!("{user}@{tenant}"),
    }
}

#[cfg(test)]
mod tests {
    use super::{Login, of_tenant};

    #[test]
    fn the_parts_are_found_in_every_spelling_of_a_name() {
        let cases = [
            ("root", ("root", None, None)),
            ("root@sys", ("root", Some("sys"), None)),
            ("root@sys#prod", ("root", Some("sys"), Some("prod"))),
            ("root@sys#prod#7", ("root", Some("sys"), Some("prod#7"))),
            ("prod:sys:root", ("root", Some("sys"), Some("prod"))),
            ("root#prod", ("root", None, Some("prod"))),
            ("a@b@shop#prod", ("a@b", Some("shop"), Some("prod"))),
        ];
        for (name, (user, tenant, cluster)) in cases {
            assert_eq!(Login::read(name), Login { user, tenant, cluster }, "{name}");
        }
    }

    #[test]
    fn a_tenants_user_names_the_cluster_where_the_clusters_user_does() {
        let cases = [
            ("root@sys", "backup@shop"),
            ("root", "backup@shop"),
            ("root@sys#prod", "backup@shop#prod"),
            ("root@sys#prod#7", "backup@shop#prod#7"),
            ("prod:sys:root", "backup@shop#prod"),
        ];
        for (beside, expected) in cases {
            assert_eq!(of_tenant("backup", "shop", beside), expected, "{beside}");
        }
    }
}
