//! The binary as people see it: exact output, on a real server with a real database behind it.

mod engine_alone;
mod first_start;
mod help;
mod lifeboat;
mod refusals;
mod seekdb;
mod stop;
mod story;
mod tls;
