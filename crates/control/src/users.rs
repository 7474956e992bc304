//! Accounts, log-on, passwords.

/// Wrong passwords in a row before an account or an address is locked.
pub const ATTEMPTS: u32 = 5;

/// How long it is locked then, in minutes.
pub const LOCKED_MIN: u64 = 10;
