//! The durable tasks: one file each, its steps in running order, and what they share.

mod step_log;
