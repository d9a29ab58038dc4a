//! Made records and pairs, and readers of pages, for the tests.

use jiff::civil::date;

use super::Frame;
use crate::matching::{Outcome, QualityComponent, Triage};
use crate::model::{
    Lang, Maturity, Micro, Part, QuoteField, Record, RecordId, Role, Side, SourceRef, SynonymKind,
    SynonymPair, Verdict, Veto, Visibility,
};
use crate::pipeline::{
    NumberRecord, PairHead, PairRecord, PartRecord, QualityRecord, QuestionRecord, QuoteRecord,
    SeenPair, SeenRecord,
};

pub(super) const CSRF: &str = "csrf-value";

/// An administrator at a page.
pub(super) fn frame(lang: Lang) -> Frame<'static> {
    Frame {
        lang,
        path: "/search?side=supply&q=a%20b",
        role: Role::Admin,
        user: Some("wang"),
        csrf: Some(CSRF),
        data_until: Some(date(2026, 11, 18)),
        run: Some("2026-11-20-1"),
        published_at: Some("2026-11-20 02:14 +08:00"),
        stale_hours: None,
        notice: None,
    }
}

/// A record with these words and a little of everything else, in Latin letters only, so that
/// whatever Chinese an English page holds is its own.
pub(super) fn record(side: Side, number: u32, title: &str, body: &str) -> Record {
    let prefix = if side == Side::Demand { "XQ" } else { "GJ" };
    let source = SourceRef { file: "list.xlsx".to_owned(), sheet: None, row: 7 };
    let id = RecordId(format!("{prefix}{number}"));
    let mut record = Record::new(side, id, format!("{prefix}-2026-{number:04}"), source);
    record.title = title.to_owned();
    record.body = body.to_owned();
    record.organization = Some(format!("{prefix} Works"));
    record.region = Some("Wuhan".to_owned());
    record.classification = vec![vec!["Industry".to_owned(), "Machines".to_owned()]];
    record.maturity = (side == Side::Supply).then_some(Maturity::PilotTested);
    record.posted_on = Some(date(2026, 10, 9));
    record
}

pub(super) fn seen(record: &Record) -> SeenRecord {
    SeenRecord::made(record, Role::Admin).expect("an administrator sees it")
}

fn quote(record: &Record, field: QuoteField, passage: &str) -> Option<QuoteRecord> {
    let text = if field == QuoteField::Title { &record.title } else { &record.body };
    let byte = text.find(passage)?;
    let start = u32::try_from(text[..byte].chars().count()).ok()?;
    let end = start + u32::try_from(passage.chars().count()).ok()?;
    let passage = passage.to_owned();
    Some(QuoteRecord { side: record.side, field, start, end, text: passage, synonyms: Vec::new() })
}

/// The first characters of a body, as a quote.
fn opening(record: &Record, n: usize) -> Option<QuoteRecord> {
    let passage: String = record.body.chars().take(n).collect();
    quote(record, QuoteField::Body, &passage).filter(|quote| !quote.text.is_empty())
}

/// A pair of two records whose parts add up, with quotes, a checked number and a mark.
pub(super) fn pair(demand: &Record, supply: &Record, verdict: Verdict) -> SeenPair {
    let for_demand = [
        Some(61_234),
        Some(100_001),
        Some(201_117),
        Some(150_000),
        None,
        Some(30_333),
        Some(7),
        None,
    ];
    let for_supply = [
        Some(50_000),
        Some(90_009),
        Some(222_222),
        Some(123_456),
        None,
        Some(40_404),
        Some(1),
        None,
    ];
    let mut parts: Vec<PartRecord> = Part::ALL
        .into_iter()
        .map(|part| {
            let at = part.index();
            let [of_demand, of_supply] = [for_demand[at], for_supply[at]].map(|v| v.map(Micro));
            PartRecord {
                name: part,
                value: of_demand.map(|v| Micro(v.0 * 3)),
                weight: Micro(125_000),
                contribution: of_demand,
                value_for_supply: of_supply.map(|v| Micro(v.0 * 3)),
                weight_for_supply: Micro(125_000),
                contribution_for_supply: of_supply,
                evidence: Vec::new(),
            }
        })
        .collect();
    let passages = [opening(demand, 24), opening(supply, 24)];
    parts[Part::Passage.index()].evidence = passages.into_iter().flatten().collect();
    if let Some(first) = parts[Part::Passage.index()].evidence.first_mut() {
        let (own, other) = ("SiC".to_owned(), "silicon carbide".to_owned());
        first.synonyms = vec![SynonymPair { own, other, kind: SynonymKind::Abbreviation }];
    }
    let numbers: Vec<NumberRecord> = opening(demand, 8)
        .map(|stated| NumberRecord {
            property: "thickness".to_owned(),
            outcome: Outcome::Fail,
            binding: true,
            demand: stated,
            supply: opening(supply, 8),
            doubt: Vec::new(),
        })
        .into_iter()
        .collect();
    let sum = |values: [Option<i32>; 8]| Micro(values.into_iter().flatten().sum());
    let pair = PairRecord {
        schema: "duijie.match/1".to_owned(),
        demand_id: demand.id.0.clone(),
        supply_id: supply.id.0.clone(),
        demand_number: demand.number.clone(),
        supply_number: supply.number.clone(),
        rank_for_demand: Some(1),
        rank_for_supply: Some(2),
        score_for_demand: sum(for_demand),
        score_for_supply: sum(for_supply),
        mutual_score: Micro(540_000),
        probability: Micro(724_000),
        probability_for_demand: Micro(744_000),
        probability_for_supply: Micro(704_000),
        confidence: Micro(650_000),
        verdict,
        allocated: true,
        vetoes: vec![Veto::NumbersNotMet],
        weights_sha256: String::new(),
        calibration_sha256: String::new(),
        answer: None,
        to_verify: Vec::new(),
        numbers,
        parts,
    };
    SeenPair::made(seen(demand), seen(supply), pair)
}

/// How a pair stands in its list.
pub(super) fn head(pair: &SeenPair) -> PairHead {
    PairHead {
        demand: pair.demand.record().id.clone(),
        supply: pair.supply.record().id.clone(),
        rank: Some(1),
        verdict: pair.pair.verdict,
        probability: pair.pair.probability,
        score: pair.pair.score_for_demand,
        mutual_score: pair.pair.mutual_score,
        handed_out: true,
        refused: false,
    }
}

pub(super) fn quality(question: &str) -> QualityRecord {
    QualityRecord {
        schema: "duijie.quality/1".to_owned(),
        demand_id: "XQ1".to_owned(),
        demand_number: "XQ-2026-0001".to_owned(),
        quality: Micro(430_000),
        components: QualityComponent::ALL.into_iter().map(|c| (c, Micro(430_000))).collect(),
        triage: Triage::NeedsDetail,
        questions: vec![QuestionRecord {
            about: QualityComponent::Indicator,
            separation: Micro(500_000),
            text: question.to_owned(),
        }],
        requirements: Vec::new(),
        elements: Vec::new(),
        supplements: Vec::new(),
        to_verify: Vec::new(),
    }
}

/// Words that would do harm where they are not escaped, and words without a place to break.
pub(super) const HOSTILE: [&str; 5] = [
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "=HYPERLINK(\"http://evil.example\",\"x\")",
    "Donaudampfschifffahrtsgesellschaftskapitaensmuetzenabzeichenverordnungsentwurf",
    "",
];

/// An anonymous record of the same owner.
pub(super) fn anonymous(mut record: Record) -> Record {
    record.visibility = Visibility::Anonymous;
    record
}
