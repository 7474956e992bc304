//! How much of this server's memory outside parties may take: databases, object stores, and those who log on.
//!
//! A database or object store may not be what it says. Without a limit, one answer of it takes all memory, and with it every
//! other task.

/// How much outside parties may send, and how many are served at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The most bytes of one row, or of another message of a database.
    pub row_bytes: usize,
    /// The most bytes of an answer of a database that is kept whole, such as one about its catalogue. Rows that are dumped are not
    /// kept, and do not count.
    pub answer_bytes: usize,
    /// The most bytes of an answer of an object store that is no object: a page of a list, or why a request failed.
    pub store_answer_bytes: usize,
}

impl Limits {
    /// What holds when nobody says otherwise.
    pub const DEFAULT: Self =
        Self { row_bytes: 256 << 20, answer_bytes: 256 << 20, store_answer_bytes: 16 << 20 };
}

impl Default for Limits {
    fn default() -> Self {
        Self::DEFAULT
    }
}
