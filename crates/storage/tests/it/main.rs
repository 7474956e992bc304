//! The storage's promises, kept by every kind, and what only directories can do wrong.

mod contract;
mod directory;
mod fault;
mod kill;
mod probing;
