//! The promises of [`Journal`](crate::journal::Journal), checked on any implementation.
