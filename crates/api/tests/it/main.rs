//! The API as its callers see it: a whole server in this process, called through HTTP types.

mod accounts;
mod answers;
mod channels;
mod description;
mod events;
mod forged;
mod metrics;
mod orders;
mod permissions;
mod server;
mod sessions;
mod storages;
mod story;
mod strategies;
mod users;
