-- Version 1: what the lists say. Records with versions, organizations, contacts, the event log.
--
-- Every table has a column `sum`: the hash of the row's other columns in the order of
-- engine/store/seal.rs, by which a flipped bit is found. Times are UTC, RFC 3339; dates YYYY-MM-DD; sides 0 demand, 1 supply.

CREATE TABLE meta (
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    value TEXT NOT NULL,
    sum INTEGER NOT NULL
) STRICT;

-- Append-only. `sum` also covers the sum of the event before, so that none can be taken out.
CREATE TABLE events (
    seq INTEGER PRIMARY KEY,
    at TEXT NOT NULL,
    kind TEXT NOT NULL,
    body TEXT NOT NULL,
    sum INTEGER NOT NULL
) STRICT;
CREATE TRIGGER events_are_not_changed BEFORE UPDATE ON events
BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;
CREATE TRIGGER events_are_not_deleted BEFORE DELETE ON events
BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;

-- `live`, `withdrawn` and `versions` are kept totals of complete imports.
CREATE TABLE lists (
    id INTEGER PRIMARY KEY,
    side INTEGER NOT NULL CHECK (side IN (0, 1)),
    name TEXT NOT NULL,
    live INTEGER NOT NULL DEFAULT 0,
    withdrawn INTEGER NOT NULL DEFAULT 0,
    versions INTEGER NOT NULL DEFAULT 0,
    last_import INTEGER REFERENCES imports (id),
    sum INTEGER NOT NULL DEFAULT 0,
    UNIQUE (side, name)
) STRICT;

CREATE TABLE sets (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    sum INTEGER NOT NULL
) STRICT;

CREATE TABLE set_lists (
    id INTEGER PRIMARY KEY,
    list_set INTEGER NOT NULL REFERENCES sets (id),
    list INTEGER NOT NULL REFERENCES lists (id),
    sum INTEGER NOT NULL,
    UNIQUE (list_set, list)
) STRICT;

-- `open` is 1 from the beginning until complete or discarded: its uniqueness keeps imports one
-- after another, so that a version belongs to what is visible if its import's id is not above the
-- last complete one's. `counters` are the number counters at the beginning.
CREATE TABLE imports (
    id INTEGER PRIMARY KEY,
    list INTEGER NOT NULL REFERENCES lists (id),
    file TEXT NOT NULL,
    sha256 BLOB NOT NULL,
    format TEXT NOT NULL,
    whole INTEGER NOT NULL,
    begun_at TEXT NOT NULL,
    counters TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('staged', 'complete', 'discarding', 'discarded')),
    open INTEGER UNIQUE CHECK (open = 1),
    event INTEGER REFERENCES events (seq),
    ended_at TEXT,
    figures TEXT,
    sum INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX imports_by_file ON imports (list, sha256);
CREATE INDEX imports_by_event ON imports (event);

-- `given_id` is the id in its list; `record_id` the id in the workspace. `likeness` is the hash of
-- owner and title of rows whose list gives no ids. `last_seen` is the last import that held it,
-- complete or not; it is no part of `sum`.
CREATE TABLE records (
    id INTEGER PRIMARY KEY,
    list INTEGER NOT NULL REFERENCES lists (id),
    side INTEGER NOT NULL,
    record_id TEXT NOT NULL,
    given_id TEXT NOT NULL,
    number TEXT NOT NULL UNIQUE,
    likeness BLOB,
    import INTEGER NOT NULL REFERENCES imports (id),
    last_seen INTEGER NOT NULL,
    sum INTEGER NOT NULL,
    UNIQUE (side, record_id)
) STRICT;
-- Most records have one id for both, and one index is enough for it: ids come in any order, so
-- each index of them costs a page written for every row of a large list.
CREATE UNIQUE INDEX records_by_given_id ON records (list, given_id) WHERE given_id <> record_id;
-- For reading a side in the order in which its records came, which is that of the file.
CREATE INDEX records_by_side ON records (side);
CREATE INDEX records_by_likeness ON records (list, likeness) WHERE likeness IS NOT NULL;

-- Append-only, but for imports that are being discarded. `says` is NULL where the record was
-- withdrawn; `given_id` where it is the record's; `file` where it is the import's.
CREATE TABLE versions (
    id INTEGER PRIMARY KEY,
    record INTEGER NOT NULL REFERENCES records (id),
    import INTEGER NOT NULL REFERENCES imports (id),
    kind INTEGER NOT NULL CHECK (kind BETWEEN 0 AND 3),
    content BLOB,
    given_id TEXT,
    organization INTEGER REFERENCES organizations (id),
    file TEXT,
    sheet TEXT,
    row INTEGER,
    says TEXT,
    drawn TEXT,
    sum INTEGER NOT NULL,
    UNIQUE (record, import)
) STRICT;
CREATE INDEX versions_by_organization ON versions (organization)
    WHERE organization IS NOT NULL;
CREATE INDEX versions_by_import ON versions (import);
CREATE INDEX versions_by_given_id ON versions (given_id) WHERE given_id IS NOT NULL;
CREATE TRIGGER versions_are_not_changed BEFORE UPDATE ON versions
BEGIN SELECT RAISE(ABORT, 'versions are append-only'); END;
CREATE TRIGGER versions_are_not_deleted BEFORE DELETE ON versions
WHEN (SELECT state FROM imports WHERE id = OLD.import) <> 'discarding'
BEGIN SELECT RAISE(ABORT, 'versions are append-only'); END;

-- Rows of an open import that are settled when all of its file has been seen.
CREATE TABLE pending (
    id INTEGER PRIMARY KEY,
    import INTEGER NOT NULL REFERENCES imports (id),
    given_id TEXT NOT NULL,
    likeness BLOB NOT NULL,
    row TEXT NOT NULL,
    sum INTEGER NOT NULL
) STRICT;
CREATE INDEX pending_by_likeness ON pending (import, likeness);

CREATE TABLE counters (
    id INTEGER PRIMARY KEY,
    side INTEGER NOT NULL,
    year INTEGER NOT NULL,
    given INTEGER NOT NULL,
    sum INTEGER NOT NULL DEFAULT 0,
    UNIQUE (side, year)
) STRICT;

-- Kept totals that belong to no list.
CREATE TABLE totals (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    value INTEGER NOT NULL,
    sum INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE organizations (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    code TEXT UNIQUE,
    merged_into INTEGER REFERENCES organizations (id),
    sum INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE INDEX organizations_merged ON organizations (merged_into) WHERE merged_into IS NOT NULL;

CREATE TABLE organization_names (
    id INTEGER PRIMARY KEY,
    normal TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    organization INTEGER NOT NULL REFERENCES organizations (id),
    sum INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX organization_names_by_organization ON organization_names (organization);

-- Of an organization, or of one version of a record.
CREATE TABLE contacts (
    id INTEGER PRIMARY KEY,
    organization INTEGER REFERENCES organizations (id),
    version INTEGER UNIQUE REFERENCES versions (id),
    person TEXT,
    telephone TEXT,
    email TEXT,
    address TEXT,
    sum INTEGER NOT NULL,
    CHECK ((organization IS NULL) <> (version IS NULL))
) STRICT;
CREATE INDEX contacts_by_organization ON contacts (organization) WHERE organization IS NOT NULL;
