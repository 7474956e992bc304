//! The promises of every kind of storage, and the specific faults of directories and object stores.

mod bucket;
mod contract;
mod directory;
mod egress;
mod fault;
mod kill;
mod network;
mod object_store;
mod probing;
mod proxy;
