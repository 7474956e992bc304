//! The numbers by which users identify the rows of a task.

use engine::RowNumber;
use model::id::SubtaskId;

/// Returns the number that users see for a row: within its task, from 1.
pub(crate) fn subtask_id(row: RowNumber) -> SubtaskId {
    SubtaskId(i64::from(row.0) + 1)
}

/// Returns the row of this number. For an impossible number, returns a row that no task has.
pub(crate) fn row_number(subtask: SubtaskId) -> RowNumber {
    RowNumber(subtask.0.checked_sub(1).and_then(|row| u32::try_from(row).ok()).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::{row_number, subtask_id};
    use engine::RowNumber;
    use model::id::SubtaskId;

    #[test]
    fn a_subtasks_number_leads_back_to_its_row() {
        for row in [0, 1, 41] {
            assert_eq!(row_number(subtask_id(RowNumber(row))), RowNumber(row));
        }
        for wrong in [0, -1, i64::MIN, i64::MAX] {
            assert_eq!(row_number(SubtaskId(wrong)), RowNumber(u32::MAX), "{wrong}");
        }
    }
}
