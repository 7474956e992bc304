//! Accounts, log-on, passwords.

mod attempts;
