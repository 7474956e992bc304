//! Converts texts between `model`, whose catalogue has their wording, and `engine`, which only stores them.

use engine::{Note, StepError};
use model::Problem;
use model::text::Text;

/// Converts a text to a note, as a task stores it.
pub(crate) fn note(text: Text) -> Note {
    let Text { id, args, raw } = text;
    Note { id, args, raw }.bounded()
}

/// Converts a stored note to a text.
pub(crate) fn text(note: Note) -> Text {
    let Note { id, args, raw } = note;
    Text { id, args, raw }
}

/// Returns the permanent error of a step for this problem.
pub(crate) fn refused(problem: Problem) -> StepError {
    StepError::permanent(note(problem.text))
}

#[cfg(test)]
mod tests {
    use engine::note::ENGINE_NOTES;
    use model::text::{Language, Text};

    #[test]
    fn every_text_of_the_engine_has_words() {
        for (id, args) in ENGINE_NOTES {
            let text = args.iter().fold(Text::new(id), |text, name| text.with(name, "x"));
            for language in [Language::En, Language::Zh] {
                let message = text.message(language);
                assert!(message != *id && !message.contains('{'), "{id}: {message}");
            }
        }
    }
}
