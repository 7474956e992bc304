//! Distinguishes the server errors that concern only the object of a statement.

use oceanbase::Error as SqlError;

/// Returns whether the server refused only this statement: the next may succeed. A statement that was killed, or that
/// found no space on the server's disk, was not refused: that says nothing about the object, which can be read later.
pub(crate) fn is_refusal(error: &SqlError) -> bool {
    let is_refused = error.number().is_some() && !error.is_transient() && !error.is_of_server();
    is_refused || matches!(error, SqlError::UnexpectedAnswer { .. })
}

#[cfg(test)]
mod tests {
    use oceanbase::Error as SqlError;

    use super::is_refusal;

    fn refused(number: u16) -> SqlError {
        let address = "127.0.0.1:2881".parse().expect("an address");
        let (statement, sqlstate, text) = (String::new(), "HY000".to_owned(), String::new());
        SqlError::Server { address, statement, number, sqlstate, text }
    }

    #[test]
    fn only_what_is_wrong_with_an_object_leaves_it_out() {
        // no privilege, a view whose table is gone, an unknown function, a value, and a number that no table has
        for number in [1142, 1356, 1305, 1525, 3999] {
            assert!(is_refusal(&refused(number)), "{number}");
        }
        // killed, over its time, no disk space for a sort, a failing disk, no memory, no leader, read only
        for number in [1317, 1969, 3024, 1021, 1114, 4184, 4009, 4013, 4038, 1290, 1836] {
            assert!(!is_refusal(&refused(number)), "{number}");
        }
    }
}
