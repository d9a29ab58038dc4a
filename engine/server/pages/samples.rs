//! Every page there is, over made records, for the tests.

use jiff::Timestamp;
use jiff::civil::date;
use serde_json::json;

use super::fixture::{frame, head, pair, quality, record, seen};
use super::*;
use crate::index::Snippet;
use crate::model::{
    Answer, BrokerAnswer, ColumnUse, Contact, CooperationMode, FileIntake, FileOutcome, Intake,
    Lang, Maturity, MergedRow, Micro, Part, Permission, Price, Reason, Record, RecordId,
    RejectedRow, Rejection, Repair, RepairKind, Role, Side, SkipReason, SkippedRow, SourceRef,
    TableIntake, Verdict, Visibility, Wording,
};
use crate::pipeline::{
    Draft, Filters, Found, FoundRecord, GapEntry, Inspection, JointMemberRecord, JointRecord,
    Manifest, PairHead, Query, SeenPair, SeenRecord, TextAnswer,
};
use crate::store::{
    AccessKind, AccessRow, Actor, AnswerRow, LedgerEntry, LedgerRow, QueryId, RunId, RunRow,
    RunState, SavedQuery, Seq, Step, TokenId, TokenRow, User, UserId,
};

pub(super) const DEMAND: &str = "Wafers crack when they are thinned below 100 um. Wanted: grinding with chipping under 5 um, 50 wafers an hour.";
const SUPPLY: &str = "Grinding of silicon carbide with in-process dressing; chipping below 12 um at 40 wafers an hour, pilot line since 2025.";

fn at(text: &str) -> Timestamp {
    text.parse().expect("a time")
}

pub(super) fn records(word: &str) -> (Record, Record) {
    let demand = record(
        Side::Demand,
        1,
        &format!("Thinning of SiC wafers {word}"),
        &format!("{DEMAND} {word}"),
    );
    let mut supply = record(
        Side::Supply,
        2,
        &format!("Low-damage grinding {word}"),
        &format!("{SUPPLY}\n{word}"),
    );
    supply.organization = Some(format!("Works {word}"));
    supply.keywords = vec![word.to_owned()];
    supply.cooperation = vec![CooperationMode::License];
    supply.price = Some(Price::Yuan(300_000.0));
    supply.extra = vec![(format!("Heading {word}"), format!("Text {word}"))];
    supply.region = Some(format!("Wuhan {word}"));
    (demand, supply)
}

pub(super) fn ledger_row(step: Step, next: Option<jiff::civil::Date>, word: &str) -> LedgerRow {
    LedgerRow {
        seq: Seq(9),
        at: at("2026-11-02T08:00:00Z"),
        entry: LedgerEntry {
            demand: RecordId("XQ1".to_owned()),
            supply: RecordId("GJ2".to_owned()),
            step,
            date: date(2026, 11, 2),
            next_date: next,
            note: format!("rang them {word}"),
            by: format!("wang {word}"),
        },
    }
}

fn found(seen: SeenRecord) -> FoundRecord {
    let text = seen.record().body.chars().take(60).collect();
    FoundRecord {
        seen,
        score: 3.5,
        title_highlights: vec![0..3, 4..8],
        snippet: Snippet { text, highlights: vec![0..2, 4..6] },
    }
}

fn manifest() -> Manifest {
    let side = json!({"files": [], "rows_in": 120, "records": 110, "merged": 4, "skipped": 3,
        "rejected": 3, "repairs": 9, "near_duplicate_groups": 2});
    serde_json::from_value(json!({
        "schema": "duijie.manifest/1", "version": "0.1.0", "started_at": "2026-11-20T02:00:00+08:00",
        "as_of": "2026-11-20", "data_until": "2026-11-18", "demands": side, "supplies": side,
        "embedder": "builtin", "embedder_sha256": "", "embedder_dim": 256, "weights_sha256": "",
        "calibration_sha256": "", "seeds": {}, "options": {},
        "backend": {"kind": "cpu", "adapter": "AMD", "driver": "avx2", "software": false, "note": null},
        "counts": {"kept_pairs": 5200, "gaps": 12, "demands_recommend": 40}, "timings": {"import": 1.5},
    }))
    .expect("a manifest")
}

fn inspection(word: &str) -> Inspection {
    let source = |row| SourceRef { file: format!("list {word}.xlsx"), sheet: None, row };
    let (demand, _) = records(word);
    let mut intake = Intake::empty(Side::Demand);
    intake.records = vec![demand];
    intake.merged = vec![MergedRow { source: source(4), into: source(3) }];
    intake.skipped =
        vec![SkippedRow { source: source(1), reason: SkipReason::Title, text: word.to_owned() }];
    intake.rejected = vec![RejectedRow {
        source: source(5),
        kind: Rejection::Faulty,
        column: Some(format!("Heading {word}")),
        reason: format!("no title {word}"),
        cells: Vec::new(),
    }];
    intake.repairs = vec![Repair {
        source: source(3),
        column: "date".to_owned(),
        kind: RepairKind::Date,
        before: word.to_owned(),
        after: String::new(),
    }];
    intake.files = vec![FileIntake {
        file: format!("list {word}.xlsx"),
        sha256: String::new(),
        format: "xlsx".to_owned(),
        why: Wording::new("压缩包里有工作表", "a zip with worksheets"),
        variant: None,
        outcome: FileOutcome::Read,
    }];
    intake.tables = vec![TableIntake {
        file: format!("list {word}.xlsx"),
        sha256: String::new(),
        sheet: Some("Sheet1".to_owned()),
        format: "xlsx".to_owned(),
        encoding: None,
        header_row: Some(2),
        columns: vec![
            ColumnUse {
                heading: format!("Name {word}"),
                field: Some("title".to_owned()),
                unit: None,
                dropped: false,
            },
            ColumnUse { heading: "Odd".to_owned(), field: None, unit: None, dropped: false },
        ],
        rows_in: 4,
    }];
    intake.near_duplicates = vec![vec![0]];
    Inspection { side: Side::Demand, guessed: true, intake }
}

/// Every page there is, with `word` wherever a user's words can stand.
pub(super) fn every_page(lang: Lang, word: &str) -> Vec<(&'static str, String)> {
    let frame = Frame { notice: Some("ok"), stale_hours: Some(30), ..frame(lang) };
    let frame = &frame;
    let today = date(2026, 11, 20);
    let (demand, supply) = records(word);
    let seen_pair = pair(&demand, &supply, Verdict::Recommend);
    let weak = pair(&demand, &supply, Verdict::NoMatch);
    let (seen_demand, seen_supply) = (seen(&demand), seen(&supply));
    let ask = quality(&format!("How thin? {word}"));
    let heads = |pair: &SeenPair| (head(pair), pair.clone());
    let mut pages: Vec<(&'static str, String)> = Vec::new();
    let mut add = |name, page: maud::Markup| pages.push((name, page.into_string()));

    let mut query = Query {
        side: Side::Supply,
        text: word.to_owned(),
        filters: Filters::default(),
        limit: 20,
        after: None,
    };
    let search = |query: &Query, hits: Option<&Found>, next| {
        search_page(
            frame,
            &SearchPage { query, found: hits, next, n_records: [110, 1_240], error: None },
        )
    };
    add("start", search(&query, None, None));
    let hits = Found {
        records: vec![found(seen_supply.clone()), found(seen_demand.clone())],
        n_found: 1_234,
        next: None,
    };
    add("search", search(&query, Some(&hits), Some("1065353216.GJ2")));
    query.filters = Filters {
        region: Some(word.to_owned()),
        maturity: Some(Maturity::Prototype),
        posted_from: Some(today),
        ..Filters::default()
    };
    add(
        "search-empty",
        search(&query, Some(&Found { records: Vec::new(), n_found: 0, next: None }), None),
    );

    let member = |id: &str| JointMemberRecord {
        supply_id: id.to_owned(),
        supply_number: format!("{id} {word}"),
        gain: Micro(200_000),
        verdict: Verdict::Discuss,
        probability: Micro(500_000),
        same_owner_as: Vec::new(),
        covers: seen_pair.pair.parts[Part::Passage.index()].evidence.clone(),
    };
    let joint = JointRecord {
        schema: String::new(),
        demand_id: "XQ1".to_owned(),
        demand_number: "XQ-2026-0001".to_owned(),
        coverage: Micro(900_000),
        best_single: Micro(600_000),
        parties: 2,
        supplies: vec![member("GJ2"), member("GJ3")],
        remainder: seen_pair.pair.parts[Part::Passage.index()].evidence.clone(),
    };
    let contact = Contact {
        person: Some(format!("Li {word}")),
        telephone: Some("027-12345".to_owned()),
        email: None,
        address: None,
    };
    add(
        "record",
        record_page(
            frame,
            &RecordPage {
                record: &seen_demand,
                contact: Some(&contact),
                cards: &[heads(&seen_pair), heads(&weak)],
                others: &[(PairHead { handed_out: false, ..head(&weak) }, seen_supply.clone())],
                joint: Some(&joint),
                quality: Some(&ask),
            },
        ),
    );
    add(
        "record-bare",
        record_page(
            frame,
            &RecordPage {
                record: &seen_supply,
                contact: None,
                cards: &[],
                others: &[],
                joint: None,
                quality: None,
            },
        ),
    );

    let answer = |answer, reason| AnswerRow {
        seq: Seq(3),
        at: at("2026-11-01T08:00:00Z"),
        answer: BrokerAnswer {
            demand: "XQ1".to_owned(),
            supply: "GJ2".to_owned(),
            answer,
            reason,
            date: Some(date(2026, 11, 1)),
            by: Some(format!("wang {word}")),
            versions: None,
            source: SourceRef { file: String::new(), sheet: None, row: 1 },
        },
    };
    let signed = Step::Signed { contract: format!("HT-1 {word}"), amount_fen: 30_500_000 };
    add(
        "pair",
        pair_page(
            frame,
            &PairPage {
                pair: &seen_pair,
                quality: Some(&ask),
                answers: &[
                    answer(Answer::Unfit, Some(Reason::Price)),
                    answer(Answer::Talking, None),
                ],
                ledger: &[
                    ledger_row(Step::Contacted, Some(today), word),
                    ledger_row(signed, None, word),
                ],
                today,
            },
        ),
    );
    add(
        "pair-new",
        pair_page(
            frame,
            &PairPage { pair: &weak, quality: None, answers: &[], ledger: &[], today },
        ),
    );
    add("proposal", proposal_page(frame, &ProposalPage { pair: &seen_pair, made_on: today }));

    let draft = Draft {
        title: Some(word.to_owned()),
        region: Some(word.to_owned()),
        ..Draft::new(Side::Demand, format!("{DEMAND} {word}"))
    };
    add("match", match_page(frame, &draft, Some("too long")));
    let answered = |pairs: Vec<SeenPair>, verdict| TextAnswer {
        record: demand.clone(),
        pairs,
        quality: Some(ask.clone()),
        verdict,
    };
    let answers = [
        ("answer", answered(vec![seen_pair.clone(), weak.clone()], Verdict::Recommend)),
        ("answer-weak", answered(vec![weak.clone()], Verdict::NoMatch)),
        ("answer-none", answered(Vec::new(), Verdict::NoMatch)),
    ];
    for (name, answer) in &answers {
        add(name, answer_page(frame, &AnswerPage { draft: &draft, answer, may_save: true }));
    }

    let row = |step, answer, is_new| TodayRow {
        head: head(&seen_pair),
        demand: seen_demand.clone(),
        supply: seen_supply.clone(),
        answer,
        step,
        is_new,
        why: vec![format!("the supply is new {word}")],
    };
    let rows = [
        row(None, None, true),
        row(None, Some(Answer::Unfit), false),
        row(
            Some(ledger_row(Step::Met, Some(date(2026, 11, 19)), word)),
            Some(Answer::Talking),
            false,
        ),
    ];
    let list =
        |rows, filter| today_page(frame, &TodayPage { rows, filter, today, broker: Some(word) });
    add("today", list(&rows, TodayFilter::All));
    add("today-empty", list(&[], TodayFilter::All));

    let gap = |nearest| GapEntry {
        demand: seen_demand.clone(),
        nearest,
        lacks: format!("words {word}"),
        quality: Some(ask.clone()),
    };
    let gaps = [gap(Some((seen_supply.clone(), head(&weak)))), gap(None)];
    add("gaps", gaps_page(frame, &GapsPage { entries: &gaps, n_found: 45, page: 2, per_page: 20 }));
    add(
        "gaps-empty",
        gaps_page(frame, &GapsPage { entries: &[], n_found: 0, page: 1, per_page: 20 }),
    );

    let run = |state, failure| RunRow {
        id: RunId(3),
        folder: "2026-11-20-1".to_owned(),
        as_of: today,
        reference: Seq(100),
        program: "0.1.0".to_owned(),
        state,
        started_at: at("2026-11-19T18:00:00Z"),
        finished_at: None,
        generation: Some(7),
        summary: None,
        failure,
    };
    let name = format!("lists{word}.xlsx");
    let files =
        [RunFile { name: &name, what: Wording::new("推荐清单", "lists"), bytes: 2_345_678 }];
    let runs =
        [run(RunState::Published, None), run(RunState::Failed, Some(format!("disk {word}")))];
    let facts = manifest();
    add(
        "run",
        run_page(
            frame,
            &RunPage {
                n_records: [110, 1_240],
                manifest: Some(&facts),
                runs: &runs,
                files: &files,
            },
        ),
    );

    add("import", import_page(frame, &ImportPage { local: false, error: Some(word), max_mb: 200 }));
    add("import-local", import_page(frame, &ImportPage { local: true, error: None, max_mb: 200 }));
    let looked = inspection(word);
    let lists =
        [CheckedList { inspection: &looked, key: word, returned: Some("/import/returned/1") }];
    add("import-check", import_check_page(frame, &ImportCheckPage { lists: &lists, local: true }));
    let file = format!("list {word}.xlsx");
    let taken = [TakenList {
        file: &file,
        side: Side::Demand,
        rows_in: 120,
        added: 12,
        changed: 3,
        unchanged: 100,
        gone: 1,
        rejected: 5,
    }];
    add("import-taken", import_taken_page(frame, &taken));
    for (name, state) in [
        ("job-waiting", JobState::Waiting),
        ("job-working", JobState::Working { stage: word, done: 30, total: Some(120) }),
        ("job-done", JobState::Done(JobFigures { recommend: 40, discuss: 55, no_match: 15 })),
        ("job-failed", JobState::Failed { message: word, remedy: word }),
    ] {
        add(name, job_page(frame, &JobPage { id: word, state, seconds: 12, files: &files }));
    }

    let saved = SavedQuery {
        id: QueryId(4),
        user: None,
        name: format!("wafers {word}"),
        side: Side::Demand,
        text: format!("{DEMAND} {word}"),
        filters: json!({}),
        created_at: at("2026-11-01T08:00:00Z"),
        seen_run: None,
    };
    let (best_head, news) = (head(&seen_pair), [(head(&seen_pair), seen_supply.clone())]);
    add(
        "saved",
        saved_page(
            frame,
            &[
                SavedRow { query: &saved, verdict: Verdict::NoMatch, news: &[], best: None },
                SavedRow {
                    query: &saved,
                    verdict: Verdict::Recommend,
                    news: &news,
                    best: Some((&best_head, &seen_supply)),
                },
            ],
        ),
    );
    add("saved-empty", saved_page(frame, &[]));

    let user = |id, disabled| User {
        id: UserId(id),
        name: format!("wang {word}"),
        display_name: word.to_owned(),
        role: Role::Broker,
        broker: Some(word.to_owned()),
        disabled,
        created_at: at("2026-11-01T08:00:00Z"),
        changed_at: at("2026-11-01T08:00:00Z"),
    };
    let token = |expires: &str, revoked| TokenRow {
        id: TokenId(1),
        label: format!("reader {word}"),
        role: Role::Reader,
        scopes: vec![Permission::Read, Permission::Match],
        user: Some(UserId(1)),
        created_at: at("2026-11-01T08:00:00Z"),
        expires_at: at(expires),
        revoked_at: revoked,
        used_at: None,
    };
    let access = |actor| AccessRow {
        at: at("2026-11-01T08:00:00Z"),
        actor,
        kind: AccessKind::Contacts,
        side: Some(Side::Demand),
        record: Some(RecordId(format!("XQ1 {word}"))),
        visibility: Some(Visibility::Anonymous),
    };
    add(
        "admin",
        admin_page(
            frame,
            &AdminPage {
                users: &[user(1, false), user(2, true)],
                tokens: &[
                    token("2027-01-01T00:00:00Z", None),
                    token("2026-01-01T00:00:00Z", None),
                    token("2027-01-01T00:00:00Z", Some(at("2026-11-02T08:00:00Z"))),
                ],
                accesses: &[
                    access(Actor::Local),
                    access(Actor::User { id: UserId(1), label: word.to_owned() }),
                ],
                secret: Some((word, "dj_0123456789abcdef")),
                kind: Some(AccessKind::Export),
                by: Some(UserId(2)),
                now: at("2026-11-20T00:00:00Z"),
                error: Some(word),
            },
        ),
    );
    add("login", login_page(&Frame { user: None, ..*frame }, Some("wrong"), Some(word)));
    for (name, problem) in [
        ("not-found", Problem::NotFound),
        ("forbidden", Problem::Forbidden),
        ("stale-form", Problem::Stale),
        ("bad", Problem::Bad { detail: word }),
        ("too-large", Problem::TooLarge { max_mb: 200 }),
        ("too-many", Problem::TooMany { seconds: 9 }),
        ("busy", Problem::Busy),
        ("failed", Problem::Failed { id: word }),
        ("not-ready", Problem::NotReady { local: false }),
        ("not-ready-local", Problem::NotReady { local: true }),
    ] {
        add(name, problem_page(frame, &problem));
    }

    add(
        "judge",
        judge_page(
            frame,
            &JudgePage {
                key: word,
                demand: &seen_demand,
                supply: &seen_supply,
                n_judged: 3,
                n_pool: 50,
                given: Some(2),
                previous: Some(word),
            },
        ),
    );
    let mut table = [[0; 4]; 4];
    (table[0][0], table[1][2], table[3][3]) = (12, 3, 9);
    let two = TwoAssessors {
        first: format!("wang {word}"),
        second: "li".to_owned(),
        table,
        disagreements: vec![Disagreement {
            key: word.to_owned(),
            what: format!("XQ1 {word}"),
            first: 1,
            second: 2,
        }],
    };
    let assessors = [(format!("wang {word}"), 24), ("li".to_owned(), 24)];
    add(
        "judge-done",
        judge_done_page(
            frame,
            &JudgeDone { n_pool: 50, assessors: &assessors, agreement: Some(&two) },
        ),
    );
    add(
        "judge-none",
        judge_done_page(frame, &JudgeDone { n_pool: 0, assessors: &[], agreement: None }),
    );
    pages
}
