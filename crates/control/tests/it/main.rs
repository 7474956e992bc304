//! Use cases as REST and the command line call them, on the real kernel.

mod backups;
mod clusters;
mod first_start;
mod orders;
mod stand;
mod storages;
mod tasks;
mod texts;
mod users;
