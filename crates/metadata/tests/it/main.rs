//! Black-box tests of the metadata: each promise with each database, and the specific errors of a data directory.

mod accounts;
mod alarms;
mod backup_failures;
mod copies;
mod data_directory;
mod flow;
mod history;
mod holds;
mod journal;
mod kill;
mod log_delays;
mod log_gaps;
mod notices;
mod protection;
mod records;
mod servers;
mod stand;
mod storage_uses;
mod strategies;
mod upgrade;
