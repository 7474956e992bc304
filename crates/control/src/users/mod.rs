//! Accounts, log-on, passwords.

mod attempts;
mod verified;
