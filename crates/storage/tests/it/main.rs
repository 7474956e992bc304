//! The storage's promises, kept by every kind, and what only directories or object stores can do wrong.

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
