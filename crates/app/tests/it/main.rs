//! The binary as people see it: exact output, on a real server with a real database.

mod accounts;
mod alarms;
mod egress;
mod engine_alone;
mod faults;
mod first_start;
mod full_disk;
mod help;
mod lifeboat;
mod lost_metadata;
mod monitoring;
mod object_storage;
mod partial_recovery;
mod physical;
mod recovery;
mod refusals;
mod retention;
mod seekdb;
mod simulated;
mod stop;
mod storm;
mod story;
mod strategies;
mod tenants;
mod tls;
mod two_servers;
