-- Version 2: what is made of the lists. Rules, runs, verdicts, answers, the follow-up ledger.

-- Weights, calibrations and word lists by the hash of their text, for recomputing past verdicts.
CREATE TABLE rules (
    id INTEGER PRIMARY KEY,
    sha256 BLOB NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    text TEXT NOT NULL,
    sum INTEGER NOT NULL
) STRICT;
CREATE TRIGGER rules_are_not_changed BEFORE UPDATE ON rules
BEGIN SELECT RAISE(ABORT, 'rules are append-only'); END;
CREATE TRIGGER rules_are_not_deleted BEFORE DELETE ON rules
BEGIN SELECT RAISE(ABORT, 'rules are append-only'); END;

-- `open` is 1 until the run is published, failed or abandoned: runs are one after another.
-- `reference` is the last event that the run saw.
CREATE TABLE runs (
    id INTEGER PRIMARY KEY,
    folder TEXT NOT NULL,
    as_of TEXT NOT NULL,
    reference INTEGER NOT NULL,
    program TEXT NOT NULL,
    started_at TEXT NOT NULL,
    state TEXT NOT NULL
        CHECK (state IN ('open', 'published', 'failed', 'abandoning', 'abandoned')),
    open INTEGER UNIQUE CHECK (open = 1),
    finished_at TEXT,
    generation INTEGER,
    summary TEXT,
    failure TEXT,
    sum INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE UNIQUE INDEX runs_by_folder ON runs (folder) WHERE state = 'published';
CREATE INDEX runs_by_state ON runs (state);

-- Changes of what a run says about a pair; `state` is NULL where the pair is no longer judged.
-- Append-only, but for runs that are being abandoned.
CREATE TABLE verdicts (
    id INTEGER PRIMARY KEY,
    run INTEGER NOT NULL REFERENCES runs (id),
    demand INTEGER NOT NULL REFERENCES records (id),
    supply INTEGER NOT NULL REFERENCES records (id),
    demand_version INTEGER NOT NULL REFERENCES versions (id),
    supply_version INTEGER NOT NULL REFERENCES versions (id),
    weights INTEGER NOT NULL REFERENCES rules (id),
    calibration INTEGER NOT NULL REFERENCES rules (id),
    state TEXT,
    sum INTEGER NOT NULL,
    UNIQUE (demand, supply, run)
) STRICT;
CREATE INDEX verdicts_by_run ON verdicts (run);
CREATE TRIGGER verdicts_are_not_changed BEFORE UPDATE ON verdicts
BEGIN SELECT RAISE(ABORT, 'verdicts are append-only'); END;
CREATE TRIGGER verdicts_are_not_deleted BEFORE DELETE ON verdicts
WHEN (SELECT state FROM runs WHERE id = OLD.run) <> 'abandoning'
BEGIN SELECT RAISE(ABORT, 'verdicts are append-only'); END;

-- `likeness` is the hash of all that an answer says: the same answer read twice is one.
-- `demand_record` and `supply_record` are NULL where the store knows no such id or number.
CREATE TABLE answers (
    id INTEGER PRIMARY KEY,
    event INTEGER NOT NULL REFERENCES events (seq),
    at TEXT NOT NULL,
    likeness BLOB NOT NULL UNIQUE,
    demand TEXT NOT NULL,
    supply TEXT NOT NULL,
    demand_record INTEGER REFERENCES records (id),
    supply_record INTEGER REFERENCES records (id),
    answer TEXT NOT NULL,
    reason TEXT,
    date TEXT,
    said_by TEXT,
    demand_version TEXT,
    supply_version TEXT,
    file TEXT NOT NULL,
    sheet TEXT,
    row INTEGER NOT NULL,
    sum INTEGER NOT NULL
) STRICT;
CREATE INDEX answers_by_event ON answers (event);
CREATE INDEX answers_by_pair ON answers (demand_record, supply_record);
CREATE TRIGGER answers_are_not_changed BEFORE UPDATE ON answers
BEGIN SELECT RAISE(ABORT, 'answers are append-only'); END;
CREATE TRIGGER answers_are_not_deleted BEFORE DELETE ON answers
BEGIN SELECT RAISE(ABORT, 'answers are append-only'); END;

-- `amount` in fen (分).
CREATE TABLE ledger (
    id INTEGER PRIMARY KEY,
    event INTEGER NOT NULL UNIQUE REFERENCES events (seq),
    at TEXT NOT NULL,
    date TEXT NOT NULL,
    demand INTEGER NOT NULL REFERENCES records (id),
    supply INTEGER NOT NULL REFERENCES records (id),
    step TEXT NOT NULL
        CHECK (step IN ('contacted', 'met', 'negotiating', 'signed', 'shelved')),
    contract TEXT,
    amount INTEGER,
    next_date TEXT,
    note TEXT NOT NULL,
    entered_by TEXT NOT NULL,
    sum INTEGER NOT NULL,
    CHECK ((step = 'signed') = (contract IS NOT NULL)),
    CHECK ((step = 'signed') = (amount IS NOT NULL))
) STRICT;
CREATE INDEX ledger_by_pair ON ledger (demand, supply, id);
CREATE INDEX ledger_by_date ON ledger (date);
CREATE TRIGGER ledger_is_not_changed BEFORE UPDATE ON ledger
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
CREATE TRIGGER ledger_is_not_deleted BEFORE DELETE ON ledger
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
