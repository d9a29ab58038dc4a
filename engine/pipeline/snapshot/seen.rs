//! Records and pairs as somebody may see them.

use std::fmt;
use std::ops::Range;

use crate::model::{QuoteField, Record, Side, Sight, Verdict};
use crate::pipeline::{PairRecord, QuoteRecord};
use crate::text::{hidden_characters, shown, veil};

/// A record as somebody may see it: where its owner is not shown, the owner's name is in no text.
#[derive(Clone)]
pub struct SeenRecord {
    /// What is shown; what must not be is not there.
    record: Record,
    sight: Sight,
    /// For every character of the title and of the body as they are, whether it is hidden.
    hidden: [Vec<bool>; 2],
    /// Title and body as they are, where something in them is hidden.
    whole: Option<[String; 2]>,
}

/// Shows what is seen and nothing else, so that a log line cannot leak the rest.
impl fmt::Debug for SeenRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SeenRecord")
            .field("record", &self.record)
            .field("sight", &self.sight)
            .finish_non_exhaustive()
    }
}

/// A stretch of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// Its words.
    pub text: String,
    /// Whether it is to be highlighted.
    pub marked: bool,
}

impl SeenRecord {
    /// What of `record` is seen; `None` where nothing is.
    pub(super) fn new(record: &Record, sight: Sight) -> Option<Self> {
        if sight == Sight::Absent {
            return None;
        }
        let owner = record.organization.as_deref().filter(|_| sight < Sight::WithOwner);
        let secrets = || owner.into_iter();
        let hidden = [&record.title, &record.body].map(|text| hidden_characters(text, secrets()));
        let is_veiled = hidden.iter().flatten().any(|&hidden| hidden);
        let mut seen = record.clone();
        let whole = is_veiled.then(|| [record.title.clone(), record.body.clone()]);
        if is_veiled {
            let text = |at: usize, text: &str| shown(text.chars().zip(hidden[at].iter().copied()));
            seen.title = text(0, &record.title);
            seen.body = text(1, &record.body);
        }
        if sight < Sight::WithOwner {
            seen.organization = None;
            // Other columns and the file's name may say who it is in any words.
            seen.extra.clear();
            seen.keywords.iter_mut().for_each(|word| {
                if let Some(veiled) = veil(word, secrets()) {
                    *word = veiled;
                }
            });
            seen.supplements.clear();
            seen.contradictions.clear();
            seen.legal_status = None;
        }
        if sight < Sight::WithContacts {
            seen.source = crate::model::SourceRef { file: String::new(), sheet: None, row: 0 };
        }
        Some(Self { record: seen, sight, hidden, whole })
    }

    /// What somebody of a role sees of a made record.
    #[cfg(test)]
    pub(crate) fn made(record: &Record, role: crate::model::Role) -> Option<Self> {
        Self::new(record, Sight::of(role, record.visibility))
    }

    /// What is shown of it.
    #[must_use]
    pub const fn record(&self) -> &Record {
        &self.record
    }

    /// How much is shown of it.
    #[must_use]
    pub const fn sight(&self) -> Sight {
        self.sight
    }

    /// A text of the record in stretches, with these ranges of characters marked: quotes count the
    /// characters of the text as it is, so what is hidden is taken out here.
    #[must_use]
    pub fn marked(&self, field: QuoteField, ranges: &[Range<usize>]) -> Vec<Run> {
        let at = usize::from(field != QuoteField::Title);
        let text = match (&self.whole, at) {
            (Some(whole), at) => &whole[at],
            (None, 0) => &self.record.title,
            (None, _) => &self.record.body,
        };
        let mut runs: Vec<Run> = Vec::new();
        let mut stretch: Vec<(char, bool)> = Vec::new();
        let mut was_marked = false;
        for (place, (c, hidden)) in text.chars().zip(self.hidden[at].iter().copied()).enumerate() {
            let marked = ranges.iter().any(|range| range.contains(&place));
            if marked != was_marked && !stretch.is_empty() {
                runs.push(Run { text: shown(stretch.drain(..)), marked: was_marked });
            }
            was_marked = marked;
            stretch.push((c, hidden));
        }
        if !stretch.is_empty() {
            runs.push(Run { text: shown(stretch.into_iter()), marked: was_marked });
        }
        runs
    }

    /// Veils what a quote of this record shows.
    fn veil_quote(&self, quote: &mut QuoteRecord) {
        let at = match quote.field {
            QuoteField::Title => 0,
            QuoteField::Body => 1,
            // Other fields hold no free text.
            _ => return,
        };
        let Some(whole) = &self.whole else { return };
        let (start, end) = (quote.start as usize, quote.end as usize);
        let stretch = whole[at].chars().zip(self.hidden[at].iter().copied());
        quote.text = shown(stretch.skip(start).take(end.saturating_sub(start)));
    }
}

/// A pair as somebody may see it.
#[derive(Debug, Clone)]
pub struct SeenPair {
    /// The demand.
    pub demand: SeenRecord,
    /// The supply.
    pub supply: SeenRecord,
    /// The sum with quotes; ranks count what is visible.
    pub pair: PairRecord,
    /// Whether the run kept it; if not, it was judged again for this answer and has no ranks.
    pub kept: bool,
}

impl SeenPair {
    pub(super) fn new(
        demand: SeenRecord,
        supply: SeenRecord,
        mut pair: PairRecord,
        kept: bool,
    ) -> Self {
        let veil = |quote: &mut QuoteRecord| match quote.side {
            Side::Demand => demand.veil_quote(quote),
            Side::Supply => supply.veil_quote(quote),
        };
        for part in &mut pair.parts {
            part.evidence.iter_mut().for_each(veil);
        }
        for number in &mut pair.numbers {
            veil(&mut number.demand);
            number.supply.iter_mut().for_each(veil);
        }
        // What a text says against its columns is shown to those who see the columns.
        let of = |side| if side == Side::Demand { &demand } else { &supply };
        pair.to_verify.retain(|found| of(found.side).sight >= Sight::WithOwner);
        Self { demand, supply, pair, kept }
    }

    /// A pair of made records, as a run that kept it shows it.
    #[cfg(test)]
    pub(crate) fn made(demand: SeenRecord, supply: SeenRecord, pair: PairRecord) -> Self {
        Self::new(demand, supply, pair, true)
    }

    /// The record of a side.
    #[must_use]
    pub const fn of(&self, side: Side) -> &SeenRecord {
        match side {
            Side::Demand => &self.demand,
            Side::Supply => &self.supply,
        }
    }

    /// The characters of a side's text that the pair quotes: ascending, disjoint.
    #[must_use]
    pub fn quoted(&self, side: Side, field: QuoteField) -> Vec<Range<usize>> {
        let numbers = self
            .pair
            .numbers
            .iter()
            .flat_map(|number| std::iter::once(&number.demand).chain(&number.supply));
        let quotes = self.pair.parts.iter().flat_map(|part| &part.evidence).chain(numbers);
        let mut ranges: Vec<Range<usize>> = quotes
            .filter(|quote| quote.side == side && quote.field == field)
            .map(|quote| quote.start as usize..quote.end as usize)
            .collect();
        ranges.sort_by_key(|range| (range.start, range.end));
        ranges.dedup_by(|next, kept| {
            let joins = next.start <= kept.end;
            if joins {
                kept.end = kept.end.max(next.end);
            }
            joins
        });
        ranges
    }

    /// Whether a broker should pick up the telephone.
    #[must_use]
    pub const fn is_worth_a_call(&self) -> bool {
        !matches!(self.pair.verdict, Verdict::NoMatch)
    }
}
