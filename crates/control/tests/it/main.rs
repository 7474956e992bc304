//! Use cases as REST and the command line call them, on the real kernel.
// The futures of whole flows nest deeper than the compiler looks by itself.
#![recursion_limit = "256"]

mod backups;
mod clusters;
mod first_start;
mod stand;
mod storages;
mod tasks;
mod texts;
mod users;
