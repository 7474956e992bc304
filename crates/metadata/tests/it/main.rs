//! The metadata from outside: each promise run against each database, and what only a data directory can do wrong.

mod accounts;
mod backup_failures;
mod copies;
mod data_directory;
mod flow;
mod holds;
mod journal;
mod kill;
mod log_delays;
mod log_gaps;
mod protection;
mod records;
mod servers;
mod stand;
mod storage_uses;
mod strategies;
