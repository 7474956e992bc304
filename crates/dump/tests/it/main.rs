//! The logical engine against the real kernel.

mod bed;
mod cancel;
mod chunks;
mod code;
mod compare;
mod damage;
mod ddl;
mod encryption;
mod fixture;
mod forged;
mod forged_schema;
mod hostile;
mod identity;
mod killed;
mod many;
mod mariadb;
mod names;
mod objects;
mod random;
mod resume;
mod round_trip;
mod snapshot;
mod stock_tools;
mod tables;
mod traps;
mod values;
