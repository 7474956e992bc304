//! Limits for the memory that databases and object stores can make this server use.
//!
//! A database or object store may be malicious. Without a limit, a single answer could use all memory and stop every
//! other task.

/// The maximum sizes of messages from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The most bytes of one row, or of another message from a database.
    pub row_bytes: usize,
    /// The most bytes of an answer from a database that is held in memory, such as one about its catalogue. Dumped rows
    /// are not held, and do not count.
    pub answer_bytes: usize,
    /// The most bytes of an answer from an object store that is not an object: a page of a list, or an error message.
    pub store_answer_bytes: usize,
}

impl Limits {
    /// The default limits.
    pub const DEFAULT: Self =
        Self { row_bytes: 256 << 20, answer_bytes: 256 << 20, store_answer_bytes: 16 << 20 };
}

impl Default for Limits {
    fn default() -> Self {
        Self::DEFAULT
    }
}
