//! From a row of cells to a record.

use super::categories::Runs;
use super::clean;
use super::dates;
use super::exports::{Export, joined_names};
use super::families::{self, PatentKeys};
use super::headers::Field;
use super::layout::Column;
use super::limits;
use super::price;
use super::privacy::veil_contacts;
use super::secrecy::Cues;
use super::table::{Cell, Fault, Mended, Row};
use super::vocabulary::{Vocabulary, codes, paths};
use crate::model::{
    LegalStatus, Record, RecordId, RejectedRow, Rejection, Repair, RepairKind, Side, SourceRef,
    Supplement, SupplyKind, Visibility,
};
use crate::text::{VEILED, char_range};

/// A record whose identity and number are still to be settled.
#[derive(Debug)]
pub(super) struct Draft {
    /// `id` is empty unless the list gives one, `number` is empty.
    pub(super) record: Record,
    /// Heading of the column that gave the id.
    pub(super) id_column: Option<String>,
    /// What the patent shares with others of its family, where the row is one.
    pub(super) patent: Option<PatentKeys>,
}

/// What became of a row.
#[derive(Debug)]
pub(super) enum Outcome {
    Draft(Box<Draft>),
    Rejected(RejectedRow),
}

/// What rows of one table have in common.
pub(super) struct Context<'a> {
    pub(super) side: Side,
    pub(super) file: &'a str,
    pub(super) sheet: Option<&'a str>,
    pub(super) encoding: Option<&'a str>,
    pub(super) columns: &'a [Column],
    pub(super) words: &'a Vocabulary,
    pub(super) runs: &'a Runs,
    pub(super) cues: &'a Cues,
    /// Whose export the table is.
    pub(super) export: Option<&'a Export>,
    /// The day on which the file says that it was made.
    pub(super) created: Option<jiff::civil::Date>,
    /// The whole table is marked as secret.
    pub(super) is_classified: bool,
    /// Rows that should be looked at first are taken all the same.
    pub(super) accept_held: bool,
}

impl Context<'_> {
    pub(super) fn source(&self, row: u32) -> SourceRef {
        SourceRef { file: self.file.to_owned(), sheet: self.sheet.map(str::to_owned), row }
    }

    fn heading(&self, field: Field) -> Option<String> {
        self.columns.iter().find(|column| column.field == Some(field)).map(|c| c.heading.clone())
    }

    fn reject(&self, row: &Row, column: Option<String>, reason: String) -> Outcome {
        // What Excel holds in a cell: the rejected rows are handed back as a sheet. That sheet is
        // passed around, so contacts are left out like the columns that were dropped.
        const CELL_CHARS: usize = 32_000;
        let cells = row
            .cells
            .iter()
            .enumerate()
            .filter(|(_, cell)| !cell.is_blank())
            .filter(|(at, _)| self.columns.get(*at).is_none_or(|column| !column.is_hidden()))
            .map(|(at, cell)| {
                let heading = self.columns.get(at).map(|column| column.heading.clone());
                let text = cell.text();
                let text = if text.len() > CELL_CHARS {
                    text.chars().take(CELL_CHARS).collect()
                } else {
                    text
                };
                (heading.unwrap_or_default(), text)
            })
            .collect();
        Outcome::Rejected(RejectedRow {
            source: self.source(row.number),
            kind: Rejection::Faulty,
            column,
            reason,
            cells,
        })
    }

    /// A row that must not be taken, or not yet: nothing of it is kept but its place.
    fn refuse(&self, row: &Row, kind: Rejection, reason: String) -> Outcome {
        let source = self.source(row.number);
        Outcome::Rejected(RejectedRow { source, kind, column: None, reason, cells: Vec::new() })
    }
}

/// Whether a row is marked as a state secret, in its column for that or anywhere else.
pub(super) fn is_classified(row: &Row, context: &Context<'_>) -> bool {
    context.is_classified || has_level(row, context) || context.cues.mark_row(row)
}

/// Makes a record of a row, or says why not; what had to be mended is returned beside it.
pub(super) fn assemble(row: &Row, context: &Context<'_>) -> (Outcome, Vec<Repair>) {
    if is_classified(row, context) {
        let reason = "标有秘密、机密或绝密：涉密记录不予导入，内容未保留".to_owned();
        return (context.refuse(row, Rejection::Classified, reason), Vec::new());
    }
    if let Some(fault) = &row.fault {
        return (fault_outcome(row, fault, context), Vec::new());
    }
    if !context.accept_held
        && let Some((_, cue)) = context.cues.hold_row(row, context.columns)
    {
        let reason = format!("文字中有“{cue}”，待人工审核；审核后可用 --accept-held 导入");
        return (context.refuse(row, Rejection::Held, reason), Vec::new());
    }
    let mut maker = Maker::new(row, context);
    if let Some(mended) = row.mended {
        maker.log_mended(mended);
    }
    for &at in &row.filled {
        maker.log_filled(at);
    }
    for (at, column) in context.columns.iter().enumerate() {
        let Some(cell) = row.cells.get(at).filter(|cell| !cell.is_blank()) else { continue };
        if !column.dropped {
            maker.take(column, cell);
        }
    }
    // Cells right of the last heading are kept as well.
    for (at, cell) in row.cells.iter().enumerate().skip(context.columns.len()) {
        if !cell.is_blank() {
            maker.keep(&format!("第{}列", at + 1), cell);
        }
    }
    maker.finish()
}

fn fault_outcome(row: &Row, fault: &Fault, context: &Context<'_>) -> Outcome {
    let (column, reason) = match fault {
        Fault::TooManyColumns => (None, format!("超过 {} 列", limits::COLUMNS)),
        Fault::LongCell(at) => {
            let heading = context.columns.get(*at).map(|column| column.heading.clone());
            (heading, format!("单元格文字超过 {} MiB", limits::CELL_BYTES >> 20))
        }
        Fault::Undecodable => (None, "文字编码无法识别（不是 UTF-8，也不是 GB18030）".to_owned()),
        Fault::NotJson => (None, "不是一行一个 JSON 对象".to_owned()),
    };
    let shown = Row {
        number: row.number,
        // A line that cannot be taken apart may hold contacts anywhere; its number is enough to
        // find it by.
        cells: if matches!(fault, Fault::NotJson) {
            Vec::new()
        } else {
            let cells = row.cells.iter().take(50);
            cells.map(|cell| Cell::Text(clean::shorten(&cell.text(), 200))).collect()
        },
        ..Row::default()
    };
    context.reject(&shown, column, reason)
}

/// Whether the column for levels of secrecy says anything but that the row is open.
fn has_level(row: &Row, context: &Context<'_>) -> bool {
    context
        .columns
        .iter()
        .enumerate()
        .filter(|(_, column)| column.field == Some(Field::Secrecy))
        .filter_map(|(at, _)| row.cells.get(at))
        .any(|cell| !context.words.is_not_classified(&cell.text()))
}

struct Maker<'a> {
    row: &'a Row,
    context: &'a Context<'a>,
    record: Record,
    id_column: Option<String>,
    /// A patent's number, which identifies it where the list gives no other id.
    patent: Option<(String, String)>,
    kind: Option<SupplyKind>,
    description: Option<String>,
    paragraphs: Vec<String>,
    /// Answers to questions asked back: heading, text. They end the body.
    follow_ups: Vec<(String, String)>,
    legal_source: Option<String>,
    legal_date: Option<jiff::civil::Date>,
    repairs: Vec<Repair>,
}

impl<'a> Maker<'a> {
    fn new(row: &'a Row, context: &'a Context<'a>) -> Self {
        let source = context.source(row.number);
        let record = Record::new(context.side, RecordId(String::new()), String::new(), source);
        Self {
            row,
            context,
            record,
            id_column: None,
            patent: None,
            kind: None,
            description: None,
            paragraphs: Vec::new(),
            follow_ups: Vec::new(),
            legal_source: None,
            legal_date: None,
            repairs: Vec::new(),
        }
    }

    fn log(&mut self, column: &str, kind: RepairKind, before: &str, after: &str) {
        let (before, after) = clean::shorten_change(before, after);
        let source = self.record.source.clone();
        self.repairs.push(Repair { source, column: column.to_owned(), kind, before, after });
    }

    fn log_mended(&mut self, mended: Mended) {
        match mended {
            Mended::Encoding(encoding) => {
                let file = self.context.encoding.unwrap_or_default();
                self.log("", RepairKind::Encoding, encoding, file);
            }
            Mended::Quote => self.log("", RepairKind::Quotes, "\"", ""),
        }
    }

    /// Tells of a value from a merged cell above, unless nobody may see it.
    fn log_filled(&mut self, at: usize) {
        let context = self.context;
        let (Some(column), Some(cell)) = (context.columns.get(at), self.row.cells.get(at)) else {
            return;
        };
        if !column.is_hidden() {
            self.log(&column.heading, RepairKind::MergedCell, "", &cell.text());
        }
    }

    /// Text of a cell, cleaned; what was wrong is logged.
    fn clean(&mut self, column: &str, cell: &Cell, lines: bool) -> String {
        let raw = cell.text();
        let (text, mended) = clean::text(&raw, lines);
        if mended {
            self.log(column, RepairKind::Whitespace, clean::trim(&raw), &text);
        }
        match clean::quotes(&text) {
            Some(unquoted) => {
                self.log(column, RepairKind::Quotes, &text, &unquoted);
                unquoted
            }
            None => text.into_owned(),
        }
    }

    fn keep(&mut self, heading: &str, cell: &Cell) {
        let text = self.clean(heading, cell, true);
        if !text.is_empty() {
            self.record.extra.push((heading.to_owned(), text));
        }
    }

    /// Contacts are cleaned without a log: the log is shown to more people than they are.
    fn contact(slot: &mut Option<String>, cell: &Cell) {
        let text = clean::text(&cell.text(), false).0.into_owned();
        match slot {
            Some(held) if held.split('；').any(|one| one == text) => {}
            Some(held) => {
                held.push('；');
                held.push_str(&text);
            }
            None => *slot = Some(text),
        }
    }

    fn take(&mut self, column: &Column, cell: &Cell) {
        let heading = column.heading.as_str();
        let Some(field) = column.field else {
            let heading = if heading.is_empty() { "（无列名）" } else { heading };
            return self.keep(heading, cell);
        };
        match field {
            Field::Serial | Field::Secrecy | Field::Marks => {}
            Field::Note | Field::PatentNumber | Field::Family | Field::Priority => {
                self.keep(heading, cell);
            }
            Field::Id => self.take_id(heading, cell),
            Field::Title => {
                let text = self.clean(heading, cell, false);
                if self.record.title.is_empty() {
                    self.record.title = text;
                } else if is_translation(&text, &self.record.title) {
                    let original = std::mem::replace(&mut self.record.title, text);
                    self.record.extra.push((heading.to_owned(), original));
                } else if text != self.record.title {
                    self.record.extra.push((heading.to_owned(), text));
                }
            }
            Field::Description | Field::Paragraph => self.take_text(column, field, cell),
            Field::Keywords => {
                let text = self.clean(heading, cell, true);
                add_keywords(&mut self.record.keywords, &text);
            }
            Field::Classification => self.take_classification(heading, cell),
            Field::Codes => {
                let text = self.clean(heading, cell, true);
                let (found, unknown) = codes(&text);
                for code in found {
                    if !self.record.codes.contains(&code) {
                        self.record.codes.push(code);
                    }
                }
                if unknown {
                    self.record.extra.push((heading.to_owned(), text));
                }
            }
            Field::Organization => {
                self.take_once(heading, cell, |record| &mut record.organization);
                if self.context.export.is_some()
                    && let Some(names) = &mut self.record.organization
                {
                    *names = joined_names(names);
                }
            }
            Field::Region => self.take_once(heading, cell, |record| &mut record.region),
            Field::IpStatus => self.take_once(heading, cell, |record| &mut record.ip_status),
            Field::LegalStatus => {
                let status = self.clean(heading, cell, false);
                match &self.record.legal_status {
                    None => {
                        let found = LegalStatus { status, source: None, as_of: None };
                        self.record.legal_status = Some(found);
                    }
                    Some(held) if held.status == status => {}
                    Some(_) => self.record.extra.push((heading.to_owned(), status)),
                }
            }
            Field::LegalStatusSource => {
                let source = self.clean(heading, cell, false);
                self.legal_source.get_or_insert(source);
            }
            Field::LegalStatusDate => match dates::day(cell) {
                Some((date, _)) => self.legal_date = self.legal_date.or(Some(date)),
                None => {
                    self.keep(heading, cell);
                    self.log_unreadable(heading, cell);
                }
            },
            Field::FollowUp => {
                let text = self.clean(heading, cell, true);
                if !text.is_empty() {
                    self.follow_ups.push((column.heading.clone(), text));
                }
            }
            Field::Cooperation => self.take_cooperation(heading, cell),
            Field::Maturity => {
                let text = self.clean(heading, cell, false);
                match self.context.words.maturity(&text) {
                    Some(step) if self.record.maturity.is_none() => {
                        self.record.maturity = Some(step);
                        self.record.maturity_stated = Some(text);
                    }
                    _ => self.record.extra.push((heading.to_owned(), text)),
                }
            }
            Field::Kind => {
                let text = self.clean(heading, cell, false);
                match self.context.words.kind(&text) {
                    Some(kind) if self.context.side == Side::Supply && self.kind.is_none() => {
                        self.kind = Some(kind);
                    }
                    _ => self.record.extra.push((heading.to_owned(), text)),
                }
            }
            Field::Price => self.take_price(column, cell),
            Field::PostedOn => self.take_day(heading, cell, |record| &mut record.posted_on),
            Field::ValidFrom => self.take_day(heading, cell, |record| &mut record.valid_from),
            Field::ValidUntil => self.take_day(heading, cell, |record| &mut record.valid_until),
            Field::Validity => self.take_validity(heading, cell),
            Field::Visibility => {
                let text = self.clean(heading, cell, false);
                match self.context.words.visibility(&text) {
                    Some(visibility) => self.record.visibility = visibility,
                    None => {
                        // A wish that is not understood is not answered by publishing.
                        self.record.visibility = Visibility::Internal;
                        self.record.extra.push((heading.to_owned(), text));
                    }
                }
            }
            Field::ContactPerson => Self::contact(&mut self.record.contact.person, cell),
            Field::Telephone => Self::contact(&mut self.record.contact.telephone, cell),
            Field::Email => Self::contact(&mut self.record.contact.email, cell),
            Field::Address => Self::contact(&mut self.record.contact.address, cell),
            Field::PublicationNumber | Field::ApplicationNumber => {
                let text = self.clean(heading, cell, false);
                // The publication number goes before the application number, in any column order.
                if !text.is_empty() && (self.patent.is_none() || field == Field::PublicationNumber)
                {
                    self.patent = Some((heading.to_owned(), text.clone()));
                }
                self.record.extra.push((heading.to_owned(), text));
            }
        }
    }

    fn take_id(&mut self, heading: &str, cell: &Cell) {
        if !self.record.id.0.is_empty() {
            return self.keep(heading, cell);
        }
        if let Some(id) = self.readable_id(heading, &cell.text()) {
            self.record.id = RecordId(id);
            self.id_column = Some(heading.to_owned());
        }
    }

    /// An id without spaces and invisible characters; `None` if nothing usable is left.
    fn readable_id(&mut self, heading: &str, raw: &str) -> Option<String> {
        // Ids are file names and arguments elsewhere; numbers of real lists have 5 to 25 characters.
        const LONGEST: usize = 100;
        let trimmed = clean::trim(raw);
        let id: String = trimmed
            .chars()
            .filter(|c| !c.is_control() && !c.is_whitespace() && !clean::is_invisible(*c))
            .collect();
        let usable = !id.is_empty() && id.chars().count() <= LONGEST;
        if !usable || id != trimmed {
            let after = if usable { id.as_str() } else { "" };
            self.log(heading, RepairKind::Identification, trimmed, after);
        }
        usable.then_some(id)
    }

    fn take_text(&mut self, column: &Column, field: Field, cell: &Cell) {
        let text = self.clean(&column.heading, cell, true);
        if text.is_empty() {
            return;
        }
        if field == Field::Description && self.description.is_none() {
            self.description = Some(text);
        } else if field == Field::Description
            && self.description.as_ref().is_some_and(|held| is_translation(&text, held))
        {
            let original = self.description.replace(text).unwrap_or_default();
            self.paragraphs.push(format!("{}：{original}", column.label));
        } else if self.description.as_deref() != Some(text.as_str()) {
            self.paragraphs.push(format!("{}：{text}", column.label));
        }
    }

    fn take_once(
        &mut self,
        heading: &str,
        cell: &Cell,
        slot: fn(&mut Record) -> &mut Option<String>,
    ) {
        let text = self.clean(heading, cell, false);
        if text.is_empty() {
            return;
        }
        let slot = slot(&mut self.record);
        match slot {
            None => *slot = Some(text),
            Some(held) if *held == text => {}
            Some(_) => self.record.extra.push((heading.to_owned(), text)),
        }
    }

    fn take_classification(&mut self, heading: &str, cell: &Cell) {
        let text = self.clean(heading, cell, true);
        let mut cut_any = false;
        let mut found: Vec<Vec<String>> = Vec::new();
        for path in paths(&text) {
            // A run stands for several paths, one for each name, all with the same other steps.
            let mut all = vec![Vec::new()];
            for step in path {
                let names = self.context.runs.cut(&step).map(<[String]>::to_vec);
                cut_any |= names.is_some();
                let names = names.unwrap_or_else(|| vec![step]);
                all = names
                    .iter()
                    .flat_map(|name| {
                        all.iter().map(move |path: &Vec<String>| {
                            [path.as_slice(), std::slice::from_ref(name)].concat()
                        })
                    })
                    .collect();
            }
            found.extend(all);
        }
        if cut_any {
            let after: Vec<String> = found.iter().map(|path| path.join("——")).collect();
            self.log(heading, RepairKind::Categories, &text, &after.join("；"));
        }
        for path in found {
            if !self.record.classification.contains(&path) {
                self.record.classification.push(path);
            }
        }
    }

    fn take_cooperation(&mut self, heading: &str, cell: &Cell) {
        let text = self.clean(heading, cell, true);
        let found = self.context.words.cooperation(&text);
        if found.run_together {
            let after: Vec<&str> =
                found.modes.iter().map(|mode| mode.label(crate::model::Lang::Zh)).collect();
            self.log(heading, RepairKind::Categories, &text, &after.join("、"));
        }
        for mode in found.modes {
            if !self.record.cooperation.contains(&mode) {
                self.record.cooperation.push(mode);
            }
        }
        if found.unknown {
            self.record.extra.push((heading.to_owned(), text));
        }
    }

    fn take_price(&mut self, column: &Column, cell: &Cell) {
        let parsed = price::parse(cell, column.unit.as_deref(), self.context.words);
        match parsed {
            Some((price, mended)) if self.record.price.is_none() => {
                self.record.price = Some(price);
                if let Some(kind) = mended {
                    let after = match price {
                        crate::model::Price::Negotiable => "面议".to_owned(),
                        crate::model::Price::Yuan(yuan) => format!("{yuan}元"),
                        crate::model::Price::YuanRange(low, high) => format!("{low}-{high}元"),
                    };
                    self.log(&column.heading, kind, &cell.text(), &after);
                }
            }
            parsed => {
                self.keep(&column.heading, cell);
                if parsed.is_none() {
                    self.log_unreadable(&column.heading, cell);
                }
            }
        }
    }

    /// Tells of a value that could not be read; it is kept as it is.
    fn log_unreadable(&mut self, heading: &str, cell: &Cell) {
        let text = cell.text();
        self.log(heading, RepairKind::Unreadable, &text, "");
    }

    fn take_day(
        &mut self,
        heading: &str,
        cell: &Cell,
        slot: fn(&mut Record) -> &mut Option<jiff::civil::Date>,
    ) {
        match dates::day(cell) {
            Some((date, odd)) if slot(&mut self.record).is_none() => {
                *slot(&mut self.record) = Some(date);
                if odd {
                    self.log(heading, RepairKind::Date, &cell.text(), &date.to_string());
                }
            }
            parsed => {
                self.keep(heading, cell);
                if parsed.is_none() {
                    self.log_unreadable(heading, cell);
                }
            }
        }
    }

    fn take_validity(&mut self, heading: &str, cell: &Cell) {
        let Some(range) = dates::range(cell) else {
            self.keep(heading, cell);
            return self.log_unreadable(heading, cell);
        };
        let record = &mut self.record;
        record.valid_from = record.valid_from.or(range.from);
        record.valid_until = record.valid_until.or(range.until);
        if range.odd {
            let shown = |date: Option<jiff::civil::Date>| {
                date.map_or(String::new(), |date| date.to_string())
            };
            let after = format!("{}..{}", shown(range.from), shown(range.until));
            self.log(heading, RepairKind::Date, clean::trim(&cell.text()), &after);
        }
    }

    fn finish(mut self) -> (Outcome, Vec<Repair>) {
        self.drop_empty_range();
        if let Some(legal) = &mut self.record.legal_status {
            // A database's export says itself whose word it is, and its workbook when it was asked.
            let export = self.context.export;
            let source = || export.map(|export| export.source.clone());
            legal.source = self.legal_source.take().or_else(source);
            legal.as_of =
                self.legal_date.or_else(|| self.context.created.filter(|_| export.is_some()));
        }
        let mut body = self.description.take().unwrap_or_default();
        let has_description = !body.is_empty();
        let answers = self.follow_ups.iter().map(|(heading, text)| format!("{heading}：{text}"));
        for paragraph in self.paragraphs.iter().cloned().chain(answers) {
            if !body.is_empty() {
                body.push('\n');
            }
            body.push_str(&paragraph);
        }
        if self.record.title.is_empty() {
            let heading = self.context.heading(Field::Title);
            let title = if has_description { first_sentence(&body) } else { String::new() };
            if title.is_empty() {
                let reason = match &heading {
                    Some(heading) => format!("缺少“{heading}”，也没有可取作名称的内容"),
                    None => "没有名称列，也没有可取作名称的内容".to_owned(),
                };
                return (self.context.reject(self.row, heading, reason), self.repairs);
            }
            self.log(heading.as_deref().unwrap_or(""), RepairKind::Title, "", &title);
            self.record.title = title;
        }
        self.record.body = body;
        if let Some((heading, number)) = self.patent.take()
            && self.context.side == Side::Supply
        {
            self.kind = Some(SupplyKind::Patent);
            if self.record.id.0.is_empty()
                && let Some(id) = self.readable_id(&heading, &number)
            {
                self.record.id = RecordId(id);
                self.id_column = Some(heading);
            }
        }
        if self.context.side == Side::Supply {
            self.record.supply_kind = Some(self.kind.unwrap_or(SupplyKind::Result));
        }
        if veil_contacts(&mut self.record) > 0 {
            // What was there is not told: the log would be one more place that holds it.
            let heading = self.context.heading(Field::Description).unwrap_or_default();
            self.log(&heading, RepairKind::Contact, VEILED, VEILED);
        }
        self.record.supplements = supplements(&self.record.body, &self.follow_ups);
        let patent = (self.context.side == Side::Supply)
            .then(|| families::keys(self.row, self.context.columns, &self.record.title))
            .flatten();
        let draft = Draft { record: self.record, id_column: self.id_column, patent };
        (Outcome::Draft(Box::new(draft)), self.repairs)
    }

    /// A range that does not last a day says nothing about when the record holds.
    fn drop_empty_range(&mut self) {
        let (Some(from), Some(until)) = (self.record.valid_from, self.record.valid_until) else {
            return;
        };
        if until > from {
            return;
        }
        let is_range =
            |field| matches!(field, Field::Validity | Field::ValidUntil | Field::ValidFrom);
        let columns = self.context.columns;
        let heading = columns.iter().find(|column| column.field.is_some_and(is_range));
        let heading = heading.map_or(String::new(), |column| column.heading.clone());
        self.log(&heading, RepairKind::EmptyRange, &format!("{from}..{until}"), "");
        self.record.valid_from = None;
        self.record.valid_until = None;
    }
}

/// Where in the finished body each answer stands: the last paragraphs, in their order.
///
/// They are found again rather than remembered, because contacts may have been taken out of the
/// body since; an answer whose heading can no longer be found is part of the one before it.
fn supplements(body: &str, follow_ups: &[(String, String)]) -> Vec<Supplement> {
    let mut found: Vec<Supplement> = Vec::new();
    let mut end = body.len();
    for (heading, _) in follow_ups.iter().rev() {
        let mark = format!("{heading}：");
        let starts_line = |at: &usize| *at == 0 || body[..*at].ends_with('\n');
        let Some(start) = body[..end].rmatch_indices(&mark).map(|(at, _)| at).find(starts_line)
        else {
            continue;
        };
        let chars = char_range(body, start..body[..end].trim_end().len());
        let place = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        let (start_char, end_char) = (place(chars.start), place(chars.end));
        found.push(Supplement { heading: heading.clone(), start: start_char, end: end_char });
        end = start;
    }
    found.reverse();
    found
}

/// Whether a text is the Chinese beside a text in another language.
fn is_translation(text: &str, original: &str) -> bool {
    families::is_chinese(text) && !families::is_chinese(original)
}

fn add_keywords(keywords: &mut Vec<String>, text: &str) {
    const MARKS: [char; 8] = [';', '；', ',', '，', '、', '|', '\n', '/'];
    // Spaces separate only Chinese words, and only where nothing else does.
    let by_spaces = !text.contains(MARKS) && !text.chars().any(|c| c.is_ascii_alphabetic());
    let pieces = text.split(|c: char| MARKS.contains(&c) || (by_spaces && c.is_whitespace()));
    for piece in pieces.map(clean::trim).filter(|piece| !piece.is_empty()) {
        if !keywords.iter().any(|held| held == piece) {
            keywords.push(piece.to_owned());
        }
    }
}

/// The first sentence, at most thirty characters.
fn first_sentence(body: &str) -> String {
    const LONGEST: usize = 30;
    let end = body.find(['。', '！', '？', '；', '!', '?', ';', '\n']).unwrap_or(body.len());
    clean::trim(&body[..end]).chars().take(LONGEST).collect::<String>().trim_end().to_owned()
}
