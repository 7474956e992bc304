//! Arrays and maps: the query for their elements, and the JSON that restores them.
//!
//! The server prints texts in arrays and maps without escaping them, and FLOATs with six digits. So the elements are
//! read with functions: a text in hexadecimal, a FLOAT as a DOUBLE, and a map as its keys and its values.

use serde::{Deserialize, Serialize};

use crate::number::spelling;
use crate::unwritable::Unwritable;

/// The content of an array or of a map's values: elements, or nested arrays of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shape {
    /// The depth of arrays around an element; 0 for the plain value of a map.
    pub depth: u8,
    /// The element.
    pub element: Element,
}

/// An element of an array or a map.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Element {
    /// A whole number.
    Whole,
    /// A FLOAT.
    Float,
    /// A DOUBLE.
    Double,
    /// A text.
    Text,
}

impl Element {
    fn of(declared: &str) -> Option<Self> {
        let base = declared.split(['(', ' ']).next().unwrap_or_default();
        Some(match base {
            "tinyint" | "smallint" | "int" | "integer" | "bigint" => Self::Whole,
            "float" => Self::Float,
            "double" => Self::Double,
            "varchar" => Self::Text,
            _ => return None,
        })
    }

    fn expression(self, element: &str) -> String {
        match self {
            Self::Whole | Self::Double => element.to_owned(),
            Self::Float => format!("{element}*1e0"),
            Self::Text => format!("hex({element})"),
        }
    }
}

impl Shape {
    /// Reads the type of an element: `varchar(10)`, `array(array(float))`, `vector(3)`; `None` if it is unknown.
    fn of(declared: &str) -> Option<Self> {
        if let Some(inner) = inside(declared, "array") {
            let inner = Self::of(inner)?;
            return Some(Self { depth: inner.depth.checked_add(1)?, ..inner });
        }
        if inside(declared, "vector").is_some() {
            return Some(Self { depth: 1, element: Element::Float });
        }
        Element::of(declared).map(|element| Self { depth: 0, element })
    }

    /// Reads the type of an array, in lower case.
    pub(crate) fn of_array(declared: &str) -> Option<Self> {
        inside(declared, "array").and_then(|_| Self::of(declared))
    }

    /// Reads the types of a map's keys and values.
    pub(crate) fn of_map(declared: &str) -> Option<(Element, Self)> {
        let inner = inside(declared, "map")?;
        // The first comma after the key: a key is not an array, so only `varchar(10)` has brackets.
        let (key, value) = inner.split_once(',')?;
        Some((Element::of(key.trim())?, Self::of(value.trim())?))
    }

    /// Returns the expression that reads an array, or a plain value.
    pub(crate) fn expression(self, value: &str) -> String {
        let changes = self.element.expression("e") != "e";
        match self.depth {
            _ if !changes => value.to_owned(),
            0 => self.element.expression(value),
            depth => {
                let name = format!("e{depth}");
                let inner = Self { depth: depth - 1, ..self }.expression(&name);
                format!("array_map({name} -> {inner}, {value})")
            }
        }
    }
}

/// Returns the expression that reads the keys and values of a map.
pub(crate) fn map_expression(map: &str, key: Element, value: Shape) -> String {
    let keys = Shape { depth: 1, element: key }.expression(&format!("map_keys({map})"));
    let values = listed(value).expression(&format!("map_values({map})"));
    format!("if({map} IS NULL, NULL, json_array({keys}, {values}))")
}

/// Returns the expression that reads a sparse vector. Only maps show their keys and values; the CASE converts the
/// vector to a map.
pub(crate) fn sparse_expression(vector: &str) -> String {
    let map = format!("CASE WHEN 1 THEN {vector} ELSE map(1, 1.5e0) END");
    format!("if({vector} IS NULL, NULL, json_array(map_keys({map}), map_values({map})))")
}

/// Returns the text that creates a sparse vector from its printed keys and values.
pub(crate) fn sparse_json(printed: &[u8]) -> Result<Vec<u8>, Unwritable> {
    let value = Shape { depth: 0, element: Element::Float };
    map_text(printed, Element::Whole, value, |number| Ok(number.to_vec()))
}

/// The values of a map in one array.
fn listed(value: Shape) -> Shape {
    Shape { depth: value.depth.saturating_add(1), ..value }
}

/// Returns the JSON that creates an array.
pub(crate) fn array_json(printed: &[u8], shape: Shape) -> Result<Vec<u8>, Unwritable> {
    let mut reader = Reader { left: printed, in_map: false };
    let mut json = Vec::with_capacity(printed.len());
    reader.array(&mut json, shape)?;
    if reader.left.is_empty() { Ok(json) } else { Err(Unwritable::NotUnderstood) }
}

/// Returns the JSON that creates a map from its printed keys and values.
pub(crate) fn map_json(printed: &[u8], key: Element, value: Shape) -> Result<Vec<u8>, Unwritable> {
    map_text(printed, key, value, key_json)
}

fn map_text(
    printed: &[u8],
    key: Element,
    value: Shape,
    key_text: impl Fn(&[u8]) -> Result<Vec<u8>, Unwritable>,
) -> Result<Vec<u8>, Unwritable> {
    let [keys, values]: [String; 2] =
        serde_json::from_slice(printed).map_err(|_| Unwritable::NotUnderstood)?;
    let keys = Reader { left: keys.as_bytes(), in_map: true }.items(Shape { depth: 1, element: key })?;
    let values = Reader { left: values.as_bytes(), in_map: true }.items(listed(value))?;
    if keys.len() != values.len() {
        return Err(Unwritable::NotUnderstood);
    }
    let mut pairs: Vec<(&Vec<u8>, &Vec<u8>)> = keys.iter().zip(&values).collect();
    if key == Element::Text {
        pairs.sort(); // the server orders texts differently in a computed map and in a stored one
    }
    let mut json = vec![b'{'];
    for (place, (key, value)) in pairs.into_iter().enumerate() {
        if place > 0 {
            json.push(b',');
        }
        json.extend_from_slice(&key_text(key)?);
        json.push(b':');
        json.extend_from_slice(value);
    }
    json.push(b'}');
    Ok(json)
}

/// Returns a key as it is written before a colon. OceanBase looks for numbers and for `null` there before it reads
/// the JSON.
fn key_json(key: &[u8]) -> Result<Vec<u8>, Unwritable> {
    match key {
        b"NULL" => Ok(key.to_vec()),
        [b'"', text @ .., b'"'] if text.eq_ignore_ascii_case(b"null") => Err(Unwritable::KeyNamedNull),
        [b'"', first @ (b'n' | b'N'), rest @ ..] => {
            Ok([format!("\"\\u{first:04X}").as_bytes(), rest].concat())
        }
        [b'"', ..] => Ok(key.to_vec()),
        number => Ok([b"\"", number, b"\""].concat()),
    }
}

/// The rest of an array as the server printed it.
struct Reader<'p> {
    left: &'p [u8],
    /// Whether it is in a map. Before OceanBase parses a map's JSON, it searches for numbers between `{` or `,` and
    /// `:`, even inside texts.
    in_map: bool,
}

impl Reader<'_> {
    /// Returns the elements of the array that comes next, each as JSON.
    fn items(&mut self, shape: Shape) -> Result<Vec<Vec<u8>>, Unwritable> {
        let mut items = Vec::new();
        self.expect(b'[')?;
        if self.take(b']') {
            return Ok(items);
        }
        let inner = Shape { depth: shape.depth - 1, ..shape };
        loop {
            let mut json = Vec::new();
            self.value(&mut json, inner)?;
            items.push(json);
            if self.take(b']') {
                return Ok(items);
            }
            self.expect(b',')?;
        }
    }

    fn array(&mut self, json: &mut Vec<u8>, shape: Shape) -> Result<(), Unwritable> {
        let items = self.items(shape)?;
        if items.is_empty() && shape.depth > 1 {
            return Err(Unwritable::EmptyNested);
        }
        json.push(b'[');
        json.extend_from_slice(&items.join(&b','));
        json.push(b']');
        Ok(())
    }

    fn value(&mut self, json: &mut Vec<u8>, shape: Shape) -> Result<(), Unwritable> {
        if let Some(left) = self.left.strip_prefix(b"NULL") {
            self.left = left;
            json.extend_from_slice(b"NULL");
            return Ok(());
        }
        if shape.depth > 0 {
            return self.array(json, shape);
        }
        let end = self.left.iter().position(|byte| matches!(byte, b',' | b']'));
        let (token, left) = self.left.split_at(end.unwrap_or(self.left.len()));
        self.left = left;
        let token = std::str::from_utf8(token).map_err(|_| Unwritable::NotUnderstood)?;
        match shape.element {
            Element::Whole => json.extend_from_slice(token.as_bytes()),
            Element::Float | Element::Double => json.extend_from_slice(number_json(token)?.as_bytes()),
            Element::Text => {
                let hexadecimal = token.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
                push_text(json, &bytes(hexadecimal.ok_or(Unwritable::NotUnderstood)?)?, self.in_map)?;
            }
        }
        Ok(())
    }

    fn take(&mut self, byte: u8) -> bool {
        let rest = self.left.strip_prefix(&[byte]);
        self.left = rest.unwrap_or(self.left);
        rest.is_some()
    }

    fn expect(&mut self, byte: u8) -> Result<(), Unwritable> {
        if self.take(byte) { Ok(()) } else { Err(Unwritable::NotUnderstood) }
    }
}

/// Returns a number with a fraction as JSON. Without a point, a zero would lose its sign.
fn number_json(printed: &str) -> Result<String, Unwritable> {
    if printed == "-0" {
        return Ok("-0.0".to_owned());
    }
    let number: f64 = printed.parse().map_err(|_| Unwritable::NotUnderstood)?;
    spelling(printed, number).ok_or_else(|| Unwritable::NumberUnspelt { number: printed.to_owned() })
}

fn bytes(hexadecimal: &str) -> Result<Vec<u8>, Unwritable> {
    let (pairs, rest) = hexadecimal.as_bytes().as_chunks::<2>();
    let pair = |pair: &[u8; 2]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    let bytes: Option<Vec<u8>> = pairs.iter().map(pair).collect();
    bytes.filter(|_| rest.is_empty()).ok_or(Unwritable::NotUnderstood)
}

fn push_text(json: &mut Vec<u8>, text: &[u8], in_map: bool) -> Result<(), Unwritable> {
    let text = std::str::from_utf8(text).map_err(|_| Unwritable::NotText)?;
    json.push(b'"');
    for byte in text.bytes() {
        match byte {
            b'"' | b'\\' => json.extend_from_slice(&[b'\\', byte]),
            0..=0x1F => json.extend_from_slice(format!("\\u{byte:04X}").as_bytes()),
            b',' | b'{' if in_map => json.extend_from_slice(format!("\\u{byte:04X}").as_bytes()),
            _ => json.push(byte),
        }
    }
    json.push(b'"');
    Ok(())
}

/// Returns the content of the brackets after the name of a type.
fn inside<'d>(declared: &'d str, name: &str) -> Option<&'d str> {
    declared.strip_prefix(name)?.strip_prefix('(')?.strip_suffix(')')
}

#[cfg(test)]
mod tests {
    use super::{Element, Shape, array_json, map_expression, map_json, sparse_json};
    use crate::unwritable::Unwritable;

    fn shape(declared: &str) -> Shape {
        Shape::of_array(declared).expect("an array")
    }

    #[test]
    fn types_are_read_and_unknown_ones_refused() {
        assert_eq!(shape("array(varchar(10))"), Shape { depth: 1, element: Element::Text });
        assert_eq!(shape("array(array(float))"), Shape { depth: 2, element: Element::Float });
        assert_eq!(shape("array(vector(3))"), Shape { depth: 2, element: Element::Float });
        assert_eq!(shape("array(bigint unsigned)"), Shape { depth: 1, element: Element::Whole });
        let map = Shape::of_map("map(varchar(10),array(double))");
        assert_eq!(map, Some((Element::Text, Shape { depth: 1, element: Element::Double })));
        for unknown in ["array(date)", "array(map(int,int))", "int", "vector(3)", "array()"] {
            assert_eq!(Shape::of_array(unknown), None, "{unknown}");
        }
        for unknown in ["map(int,date)", "map(array(int),int)", "map(int)", "map(date,int)"] {
            assert_eq!(Shape::of_map(unknown), None, "{unknown}");
        }
    }

    #[test]
    fn elements_are_read_by_functions_if_their_text_is_lossy() {
        assert_eq!(shape("array(array(int))").expression("x.`c`"), "x.`c`");
        assert_eq!(shape("array(double)").expression("x.`c`"), "x.`c`");
        let nested = "array_map(e2 -> array_map(e1 -> hex(e1), e2), x.`c`)";
        assert_eq!(shape("array(array(varchar(9)))").expression("x.`c`"), nested);
        let (key, value) = Shape::of_map("map(int,float)").expect("a map");
        assert_eq!(
            map_expression("x.`c`", key, value),
            "if(x.`c` IS NULL, NULL, json_array(map_keys(x.`c`), array_map(e1 -> e1*1e0, map_values(x.`c`))))"
        );
    }

    #[test]
    fn arrays_become_json_that_the_server_reads_back() {
        for (declared, printed, json) in [
            ("array(varchar(9))", r#"["5C6E","610A22",NULL,""]"#, r#"["\\n","a\u000A\"",NULL,""]"#),
            ("array(array(varchar(9)))", r#"[["61","2C"],NULL,[]]"#, r#"[["a",","],NULL,[]]"#),
            ("array(float)", "[-0,1.5,0.10000000149011612]", "[-0.0,1.5,0.10000000149011612]"),
            ("array(double)", "[2.7715077941825975e-163]", "[277150779418259734e-180]"),
            ("array(array(int))", "[[1,NULL],[]]", "[[1,NULL],[]]"),
            ("array(int)", "[]", "[]"),
        ] {
            let made = array_json(printed.as_bytes(), shape(declared))
                .map(|json| String::from_utf8_lossy(&json).into_owned());
            if declared == "array(double)" {
                let made = made.expect("JSON");
                assert_ne!(made, printed);
                let number = made.trim_matches(['[', ']']).parse::<f64>();
                assert_eq!(number.ok(), Some(2.7715077941825975e-163));
            } else {
                assert_eq!(made.as_deref(), Ok(json), "{declared}");
            }
        }
    }

    #[test]
    fn maps_become_json_that_the_server_reads_back() {
        let (key, value) = (Element::Text, Shape { depth: 0, element: Element::Text });
        let printed = br#"["[\"61\",\"6E78\",NULL]", "[\"652C353A\",NULL,\"\"]"]"#;
        let json = map_json(printed, key, value).expect("JSON");
        assert_eq!(String::from_utf8_lossy(&json), r#"{"a":"e\u002C5:","\u006Ex":NULL,NULL:""}"#);
        let whole = Shape { depth: 1, element: Element::Whole };
        let sparse = sparse_json(br#"["[1,4294967295]", "[-0,0.12345679104328156]"]"#).expect("text");
        assert_eq!(String::from_utf8_lossy(&sparse), "{1:-0.0,4294967295:0.12345679104328156}");
        let json = map_json(br#"["[1,2]", "[[1,2],[]]"]"#, Element::Whole, whole).expect("JSON");
        assert_eq!(String::from_utf8_lossy(&json), r#"{"1":[1,2],"2":[]}"#);
    }

    #[test]
    fn what_no_literal_brings_back_is_refused() {
        let text = Shape { depth: 0, element: Element::Text };
        assert_eq!(array_json(b"[]", shape("array(array(int))")), Err(Unwritable::EmptyNested));
        assert_eq!(array_json(b"[1", shape("array(int)")), Err(Unwritable::NotUnderstood));
        assert_eq!(array_json(b"[1]2", shape("array(int)")), Err(Unwritable::NotUnderstood));
        assert_eq!(array_json(br#"["FF"]"#, shape("array(varchar(9))")), Err(Unwritable::NotText));
        assert_eq!(
            map_json(br#"["[\"4E756C6C\"]", "[\"\"]"]"#, Element::Text, text),
            Err(Unwritable::KeyNamedNull)
        );
        assert_eq!(map_json(br#"["[1]", "[]"]"#, Element::Whole, text), Err(Unwritable::NotUnderstood));
    }
}
