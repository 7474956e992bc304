//! Valid and refused INSERT statements of a piece.

use std::time::Instant;

use proptest::prelude::*;

use super::{InsertForm, Reader};
use crate::column::{Column, Form};
use crate::encode::push_literal;
use crate::piece::PieceText;

/// The values of a row; nothing for NULL.
type Row = Vec<Option<Vec<u8>>>;

const FORMS: [Form; 8] = [
    Form::Number,
    Form::Text,
    Form::Bytes,
    Form::Float,
    Form::Floats,
    Form::Ordinal,
    Form::Raw,
    Form::Generated,
];

fn columns(forms: &[Form]) -> Vec<Column> {
    let column = |(place, &form): (usize, &Form)| Column { name: format!("c`{place};\n"), form };
    forms.iter().enumerate().map(column).collect()
}

/// Returns a statement of these rows, as a dump writes it, and its form.
fn written(forms: &[Form], rows: &[Row]) -> (InsertForm, Vec<u8>) {
    let columns = columns(forms);
    let (mut piece, mut text) = (PieceText::new("o`;\nrders", &columns), Vec::new());
    for row in rows {
        piece.push_row(&mut text, |place| row[place].as_deref(), None).expect("a row");
    }
    piece.end(&mut text);
    text.truncate(text.len() - b";\n".len());
    (InsertForm::new("o`;\nrders", &columns), text)
}

fn value(form: Form) -> BoxedStrategy<Option<Vec<u8>>> {
    let number = prop_oneof![
        Just("-0".to_owned()),
        any::<i64>().prop_map(|number| number.to_string()),
        any::<f64>().prop_filter("finite", |number| number.is_finite()).prop_map(|n| format!("{n:e}")),
        "-?[0-9]{1,20}\\.[0-9]{1,10}",
    ];
    let value = match form {
        Form::Generated => Just(b"1".to_vec()).boxed(),
        Form::Floats | Form::Bytes | Form::Raw => {
            prop_oneof![any::<Vec<u8>>(), "[ -~中'\\\\;\n]{0,80}".prop_map(String::into_bytes)].boxed()
        }
        // A text that is not valid UTF-8 is not written.
        Form::Text | Form::Json | Form::Array(_) | Form::Map { .. } | Form::Sparse => {
            prop_oneof![any::<String>(), "[ -~中'\\\\;\n]{0,80}"].prop_map(String::into_bytes).boxed()
        }
        Form::Number | Form::Float | Form::Ordinal => number.prop_map(String::into_bytes).boxed(),
    };
    prop::option::weighted(0.9, value).boxed()
}

/// Rows with their forms.
fn table() -> impl Strategy<Value = (Vec<Form>, Vec<Row>)> {
    prop::collection::vec(prop::sample::select(&FORMS[..]), 1..5).prop_flat_map(|forms| {
        let row: Vec<_> = forms.iter().map(|&form| value(form)).collect();
        (Just(forms), prop::collection::vec(row, 1..20))
    })
}

/// The slow check, by the tokens of a server: a valid statement contains exactly these.
fn is_of_tuples(form: &InsertForm, statement: &[u8]) -> bool {
    let Some(mut rest) = statement.strip_prefix(form.head()) else { return false };
    loop {
        for (place, &form) in form.forms.iter().enumerate() {
            let before: &[u8] = if place == 0 { b"(" } else { b"," };
            let Some(at) = rest.strip_prefix(before) else { return false };
            let Some(length) = (1..=at.len()).find(|&length| {
                is_literal(form, &at[..length]) && matches!(at.get(length), Some(b',' | b')'))
            }) else {
                return false;
            };
            rest = &at[length..];
        }
        rest = match rest.strip_prefix(b")") {
            Some(b"") => return true,
            Some(more) => match more.strip_prefix(b",\n") {
                Some(more) => more,
                None => return false,
            },
            None => return false,
        };
    }
}

/// Returns whether writing the value of a literal gives the literal again.
fn is_literal(form: Form, text: &[u8]) -> bool {
    let Ok(as_text) = std::str::from_utf8(text) else {
        return matches!(form, Form::Text | Form::Floats) && reads_back(form, text);
    };
    match form {
        _ if text == b"NULL" => true,
        Form::Generated => text == b"DEFAULT",
        Form::Number | Form::Float | Form::Ordinal => {
            as_text.parse::<f64>().is_ok()
                && text.iter().all(|byte| b"0123456789.eE+-".contains(byte))
                && !text.starts_with(b"+")
        }
        _ => reads_back(form, text),
    }
}

fn reads_back(form: Form, text: &[u8]) -> bool {
    let value = match form {
        Form::Bytes | Form::Raw if text != b"''" => {
            let Some(digits) = text.strip_prefix(b"0x") else { return false };
            let byte = |pair: &[u8]| {
                u8::from_str_radix(std::str::from_utf8(pair).ok().filter(|pair| pair.len() == 2)?, 16).ok()
            };
            digits.chunks(2).map(byte).collect::<Option<Vec<u8>>>()
        }
        _ => {
            let Some(inner) = text.strip_prefix(b"'").and_then(|rest| rest.strip_suffix(b"'")) else {
                return false;
            };
            let (mut value, mut bytes) = (Vec::new(), inner.iter());
            while let Some(&byte) = bytes.next() {
                value.push(match byte {
                    b'\\' => match bytes.next() {
                        Some(b'0') => 0,
                        Some(b'n') => b'\n',
                        Some(b'r') => b'\r',
                        Some(b'Z') => 0x1A,
                        Some(&other) => other,
                        None => return false,
                    },
                    other => other,
                });
            }
            Some(value)
        }
    };
    value.is_some_and(|value| {
        let mut again = Vec::new();
        push_literal(&mut again, form, Some(&value));
        again == text
    })
}

proptest! {
    #[test]
    fn what_a_dump_writes_is_of_the_form((forms, rows) in table()) {
        let (form, text) = written(&forms, &rows);
        prop_assert_eq!(form.check(&text), Ok(rows.len() as u64));
        prop_assert!(is_of_tuples(&form, &text), "{}", String::from_utf8_lossy(&text));
    }

    #[test]
    fn a_mutation_is_refused_unless_it_is_other_rows(
        (forms, rows) in table(),
        places in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..3), 1..4),
    ) {
        let (form, mut text) = written(&forms, &rows);
        for (place, byte, how) in places {
            let at = place.index(text.len());
            // Half of the bytes are syntactically relevant.
            let byte = if byte < 128 { byte } else { b"'\\(),;\n-#/*0x`N"[usize::from(byte) % 15] };
            match how {
                0 => text[at] = byte,
                1 => text.insert(at, byte),
                _ => drop(text.remove(at)),
            }
        }
        prop_assert_eq!(form.check(&text).is_ok(), is_of_tuples(&form, &text), "{}", String::from_utf8_lossy(&text));
    }
}

#[test]
fn statements_that_do_something_else_are_refused() {
    let columns = [("id", Form::Number), ("name", Form::Text), ("photo", Form::Bytes)]
        .map(|(name, form)| Column { name: name.to_owned(), form });
    let form = InsertForm::new("orders", &columns);
    let head = "INSERT INTO `orders` (`id`,`name`,`photo`) VALUES\n";
    assert_eq!(form.check(format!("{head}(1,'a',0x00),\n(NULL,NULL,'')").as_bytes()), Ok(2));
    let others = [
        "GRANT ALL ON *.* TO root",
        "",
        "INSERT INTO `users` (`id`,`name`,`photo`) VALUES\n(1,'a',0x00)",
        "INSERT INTO `mysql`.`orders` (`id`,`name`,`photo`) VALUES\n(1,'a',0x00)",
        "INSERT INTO `orders` (`id`,`photo`,`name`) VALUES\n(1,'a',0x00)",
        "INSERT INTO `orders` (`id`,`name`) VALUES\n(1,'a')",
        "REPLACE INTO `orders` (`id`,`name`,`photo`) VALUES\n(1,'a',0x00)",
    ];
    let tuples = [
        "",
        "(1,'a',0x00",
        "(1,'a',0x00);",
        "(1,'a',0x00),",
        "(1,'a',0x00),\n",
        "(1,'a',0x00);DROP TABLE x",
        "(1,'a',0x00) -- x",
        "(1,'a',0x00) ON DUPLICATE KEY UPDATE id=1",
        "(1,'a',0x00)/*!;*/",
        "(1,'a'),\n(2,'b')",
        "(1,'a',0x00,1)",
        "((SELECT 1),'a',0x00)",
        "(SLEEP(9),'a',0x00)",
        "(1,USER(),0x00)",
        "(1,LOAD_FILE('/x'),0x00)",
        "(1,@@version,0x00)",
        "(1,`name`,0x00)",
        "(1,\"a\",0x00)",
        "(1,'a''b',0x00)",
        "(1,'a' 'b',0x00)",
        "(1,_utf8'a',0x00)",
        "(1,N'a',0x00)",
        "(1,'a\\%',0x00)",
        "(1,'a\nb',0x00)",
        "(1,'a\0',0x00)",
        "(1,'a\\',0x00)",
        "(1,'a\\'',0x0)",
        "(1,'a',0x)",
        "(1,'a',0xfg)",
        "(1,'a',0xff)",
        "(1,'a',X'00')",
        "(1,'a','x')",
        "(1+1,'a',0x00)",
        "(--1,'a',0x00)",
        "(1-- ,'a',0x00)",
        "(1#,'a',0x00)",
        "(-,'a',0x00)",
        "(.,'a',0x00)",
        "(1e,'a',0x00)",
        "(1.1.1,'a',0x00)",
        "('1','a',0x00)",
        "(1, 'a',0x00)",
        "(1,'a',0x00),(2,'b',0x00)",
        "(null,'a',0x00)",
        "(NULLIF(1,1),'a',0x00)",
        "(DEFAULT,'a',0x00)",
        "(TRUE,'a',0x00)",
        "(0x01,'a',0x00)",
        "(,'a',0x00)",
    ];
    let with_head = tuples.iter().map(|tuple| format!("{head}{tuple}"));
    for statement in others.iter().map(|&other| other.to_owned()).chain(with_head) {
        assert!(form.check(statement.as_bytes()).is_err(), "{statement}");
    }
}

#[test]
fn a_document_is_a_text_a_moment_or_two_functions_of_literals() {
    let form = InsertForm::new("t", &[Column { name: "d".to_owned(), form: Form::Json }]);
    let check = |value: &str| form.check(format!("INSERT INTO `t` (`d`) VALUES\n({value})").as_bytes());
    for value in [
        "NULL",
        "'[1]'",
        "1.10",
        "0x00FF",
        "JSON_ARRAY()",
        "CAST(DATE'2026-01-31' AS JSON)",
        "CAST(TIMESTAMP'2026-01-31 01:02:03.000000' AS JSON)",
        "CAST(TIME'01:02:03.000000' AS JSON)",
        r"JSON_OBJECT('a',JSON_ARRAY(1.10,NULL,TRUE,FALSE,-7.,1e20),'it\'s',DATE'2026-01-31','t',TIME'01:02:03.500000','b',0x00FF,'m',TIMESTAMP'2026-01-31 01:02:03.000000','s','x')",
    ] {
        assert_eq!(check(value), Ok(1), "{value}");
    }
    let deep = format!("{}{}", "JSON_ARRAY(".repeat(200), ")".repeat(200));
    for value in [
        "JSON_ARRAY(USER())",
        "JSON_ARRAY((SELECT 1))",
        "JSON_ARRAY(1 )",
        "JSON_ARRAY(1,)",
        "JSON_ARRAY(,1)",
        "JSON_ARRAY(1",
        "JSON_ARRAY(@@version)",
        "JSON_ARRAY(DATE)",
        "JSON_ARRAY(DATE'x)",
        "JSON_ARRAY(CAST(1 AS JSON))",
        "JSON_OBJECT('a')",
        "JSON_OBJECT(1,1)",
        "JSON_OBJECT(USER(),1)",
        "JSON_EXTRACT('[1]','$[0]')",
        "JSON_ARRAYAGG(1)",
        "JSON_ARRAY (1)",
        "json_array(1)",
        "TRUE",
        "DATE'2026-01-31'",
        "CAST(1 AS JSON)",
        "CAST('[1]' AS JSON)",
        "CAST(USER() AS JSON)",
        "CAST((SELECT 1) AS JSON)",
        "CAST(DATE'2026-01-31' AS CHAR)",
        "CAST(DATE'2026-01-31' AS JSON",
        "CAST(DATE'2026-01-31'+0 AS JSON)",
        "cast(DATE'2026-01-31' AS JSON)",
        "JSON_ARRAY(CAST(DATE'2026-01-31' AS JSON))",
        deep.as_str(),
    ] {
        assert!(check(value).is_err(), "{value}");
    }
    let text = InsertForm::new("t", &[Column { name: "d".to_owned(), form: Form::Text }]);
    assert!(text.check(b"INSERT INTO `t` (`d`) VALUES\n(JSON_ARRAY(1))").is_err());
}

#[test]
fn an_error_has_its_position() {
    let form = InsertForm::new("t", &[Column { name: "a".to_owned(), form: Form::Number }]);
    let said = form.check(b"INSERT INTO `t` (`a`) VALUES\n(NOW())").expect_err("a function").to_string();
    assert_eq!(said, "a statement is not an INSERT of the planned form, from its byte 30 on");
}

#[test]
fn short_and_long_texts_are_passed_over_alike() {
    for length in 0..100 {
        let quoted = format!("'{}'", "x".repeat(length));
        let mut reader = Reader { statement: quoted.as_bytes(), at: 0 };
        assert_eq!((reader.pass_quoted(), reader.at), (Ok(()), length + 2));
    }
}

#[test]
#[ignore = "a measurement: `cargo test --release -p dump -- --ignored --nocapture fast_the_check`"]
fn how_fast_the_check_is() {
    let forms = [Form::Number, Form::Number, Form::Text, Form::Text];
    let digits = "68487932199-96439406143-93774651418-41631865787-96406072701-20604855487";
    let row = |id: u32| {
        let (text, pad) = (format!("{digits}-{id}"), format!("{id}-67847967377"));
        vec![
            Some(id.to_string().into_bytes()),
            Some(b"4992833".to_vec()),
            Some(text.into_bytes()),
            Some(pad.into_bytes()),
        ]
    };
    let (form, text) = written(&forms, &(0..8000).map(row).collect::<Vec<_>>());
    let begun = Instant::now();
    let rows: u64 = (0..200).map(|_| form.check(&text).expect("of the form")).sum();
    let per_second = text.len() as f64 * 200.0 / begun.elapsed().as_secs_f64() / 1e6;
    println!("{rows} rows, {per_second:.0} MB/s");
}
