//! Clients of all kinds talk to simulators on real ports.

mod backend;
mod backup4;
mod clients;
mod control;
mod generation3;
mod newest;
mod operators;
mod refusals4;
mod restore4;
mod scale;
mod scripts;
mod simulator;
mod tables3;
mod tables4;
mod trouble;
mod views;
