//! The limits of storages on this machine: directories, addresses and memory.

use std::sync::{Arc, LazyLock};

use model::egress::Egress;
use model::limits::Limits;

use crate::remote::Net;
use crate::roots::FileRoots;

/// The limits of storages. Cheap to clone; clones share their connections.
#[derive(Debug, Clone)]
pub struct Rules {
    pub(crate) roots: FileRoots,
    pub(crate) net: Arc<Net>,
}

/// The network rules of commands without a server.
static USUAL: LazyLock<Arc<Net>> = LazyLock::new(|| Arc::new(Net::new(Egress::default(), Limits::default())));

impl Rules {
    /// Returns the rules of a server.
    #[must_use]
    pub fn new(roots: FileRoots, egress: Egress, limits: Limits) -> Self {
        Self { roots, net: Arc::new(Net::new(egress, limits)) }
    }
}

impl From<&FileRoots> for Rules {
    /// Returns rules with these directories, and the network rules of commands without a server.
    fn from(roots: &FileRoots) -> Self {
        Self { roots: roots.clone(), net: Arc::clone(&USUAL) }
    }
}

impl From<&Rules> for Rules {
    fn from(rules: &Rules) -> Self {
        rules.clone()
    }
}
