//! JSON lines: one object per line.

use std::collections::HashMap;
use std::fmt;

use rayon::prelude::*;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;

use super::decode::{Decoded, OddLine};
use super::lens;
use super::limits;
use super::table::{Cell, Fault, Format, Mended, Row, Table, is_blank};

/// Whether the text's first line is one JSON object.
pub(super) fn looks_like(text: &str) -> bool {
    text.lines().find(|line| !is_blank(line)).is_some_and(|line| {
        line.trim_start().starts_with('{') && serde_json::from_str::<Object>(line).is_ok()
    })
}

/// Reads JSON lines; a line that is no object becomes a faulty row. `None` past
/// [`limits::ROWS`]. Columns are the keys in the order in which the lines first use them.
pub(super) fn read(decoded: &Decoded<'_>) -> Option<Table> {
    let lines: Vec<&str> = decoded.text.split('\n').collect();
    if lines.len() > limits::ROWS {
        return None;
    }
    let parsed: Vec<Parsed> = lines.par_iter().map(|line| parse(line)).collect();
    let mut keys = Keys::default();
    let mut odd = decoded.odd_lines.iter().peekable();
    let mut rows = Vec::new();
    for (number, (line, parsed)) in lines.iter().zip(parsed).enumerate() {
        let place = u32::try_from(number + 1).unwrap_or(u32::MAX);
        let mut row = keys.row(place, line, parsed);
        if let Some(odd) = odd.next_if(|odd| odd.line == number) {
            mark_odd(&mut row, odd);
        }
        // An object without a filled value is a blank row, as `,,` is in a text table.
        if !row.is_blank() {
            rows.push(row);
        }
    }
    let keys = keys.names;
    let format = Format::Jsonl;
    Some(Table {
        encoding: Some(decoded.encoding.to_owned()),
        keys: Some(keys),
        ..Table::new(None, format, rows)
    })
}

/// Tells of a line in another encoding than its file.
pub(super) fn mark_odd(row: &mut Row, odd: &OddLine) {
    match odd.encoding {
        Some(encoding) => row.mended = Some(Mended::Encoding(encoding)),
        None => row.fault = Some(Fault::Undecodable),
    }
}

/// The keys of a file, in the order in which its lines first use them.
#[derive(Debug, Default)]
pub(super) struct Keys {
    columns: HashMap<String, usize>,
    /// At most [`limits::COLUMNS`].
    pub(super) names: Vec<String>,
}

impl Keys {
    /// A line's row; new keys become columns.
    pub(super) fn row(&mut self, number: u32, line: &str, parsed: Parsed) -> Row {
        let mut row = Row { number, ..Row::default() };
        let object = match parsed {
            Ok(object) => object,
            Err(fault) => {
                row.fault = Some(fault);
                row.cells = vec![Cell::Text(line.chars().take(200).collect())];
                return row;
            }
        };
        for (key, cell) in object.0 {
            let column = match self.columns.get(&key) {
                Some(&column) => column,
                None if self.names.len() < limits::COLUMNS => {
                    let column = self.names.len();
                    self.names.push(key.clone());
                    self.columns.insert(key, column);
                    column
                }
                None => {
                    row.fault = Some(Fault::TooManyColumns);
                    continue;
                }
            };
            if row.cells.len() <= column {
                row.cells.resize(column + 1, Cell::Empty);
            }
            if let Cell::Text(text) = &cell
                && text.len() > limits::CELL_BYTES
            {
                row.cells[column] = Cell::Text(text.chars().take(200).collect());
                row.fault.get_or_insert(Fault::LongCell(column));
            } else {
                row.cells[column] = cell;
            }
        }
        row
    }
}

/// A line taken apart.
pub(super) type Parsed = Result<Object, Fault>;

/// Takes a line apart; a blank one is an object without members.
pub(super) fn parse(line: &str) -> Parsed {
    if is_blank(line) {
        return Ok(Object(Vec::new()));
    }
    let object: Object = serde_json::from_str(line).map_err(|_| Fault::NotJson)?;
    if object.0.len() > limits::COLUMNS { Err(Fault::TooManyColumns) } else { Ok(object) }
}

/// An object's members in the order of the file.
pub(super) struct Object(Vec<(String, Cell)>);

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = Object;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry::<String, Value>()? {
                    members.push(member);
                }
                if lens::is_patent(&members) {
                    return Ok(Object(lens::flatten(members)));
                }
                Ok(Object(members.into_iter().map(|(key, value)| (key, cell(value))).collect()))
            }
        }
        deserializer.deserialize_map(Members)
    }
}

fn cell(value: Value) -> Cell {
    match value {
        Value::Null => Cell::Empty,
        Value::String(text) if text.is_empty() => Cell::Empty,
        Value::String(text) => Cell::Text(text),
        Value::Number(number) => {
            // Identities may be longer than a double holds exactly.
            const EXACT: u64 = 1 << 53;
            match number.as_f64() {
                Some(float) if float.abs() <= EXACT as f64 => Cell::Number(float),
                _ => Cell::Text(number.to_string()),
            }
        }
        Value::Bool(value) => Cell::Text(if value { "是" } else { "否" }.to_owned()),
        Value::Array(values) => {
            let texts: Vec<String> = values
                .into_iter()
                .map(|value| cell(value).text())
                .filter(|text| !text.is_empty())
                .collect();
            if texts.is_empty() { Cell::Empty } else { Cell::Text(texts.join("；")) }
        }
        Value::Object(_) => Cell::Text(value.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_every_kind() {
        let text = "{\"name\":\"甲\",\"n\":3,\"k\":[\"a\",\"b\",null],\"x\":null}\n\n[1]\n{\"y\":1.5,\"name\":\"乙\"}\n{bad\n";
        let decoded = super::super::decode::decode(text.as_bytes()).expect("text");
        let table = read(&decoded).expect("small");
        assert_eq!(
            table.keys.as_deref(),
            Some(&["name", "n", "k", "x", "y"].map(str::to_owned)[..])
        );
        let numbers: Vec<_> =
            table.rows.iter().map(|row| (row.number, row.fault.clone())).collect();
        assert_eq!(
            numbers,
            [(1, None), (3, Some(Fault::NotJson)), (4, None), (5, Some(Fault::NotJson))]
        );
        let first: Vec<String> = table.rows[0].cells.iter().map(Cell::text).collect();
        assert_eq!(first, ["甲", "3", "a；b", ""]);
    }
}
