//! What storages may use of this machine: which directories, which addresses, and how much memory.

use std::sync::{Arc, LazyLock};

use model::egress::Egress;
use model::limits::Limits;

use crate::remote::Net;
use crate::roots::FileRoots;

/// What storages may use. Cheap to clone; clones share their connections.
#[derive(Debug, Clone)]
pub struct Rules {
    pub(crate) roots: FileRoots,
    pub(crate) net: Arc<Net>,
}

/// The network as a command uses it that somebody runs on their own machine.
static USUAL: LazyLock<Arc<Net>> = LazyLock::new(|| Arc::new(Net::new(Egress::default(), Limits::default())));

impl Rules {
    /// Returns the rules of a server.
    #[must_use]
    pub fn new(roots: FileRoots, egress: Egress, limits: Limits) -> Self {
        Self { roots, net: Arc::new(Net::new(egress, limits)) }
    }
}

impl From<&FileRoots> for Rules {
    /// Below these directories, with the network as somebody's own command uses it.
    fn from(roots: &FileRoots) -> Self {
        Self { roots: roots.clone(), net: Arc::clone(&USUAL) }
    }
}

impl From<&Rules> for Rules {
    fn from(rules: &Rules) -> Self {
        rules.clone()
    }
}
