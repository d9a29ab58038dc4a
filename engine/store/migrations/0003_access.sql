-- Version 3: who may use the workspace, who saw what, and what users want to be told.
--
-- Passwords are argon2id hashes in PHC form; of tokens, sessions and launches only the SHA-256 of
-- their secrets is here. Times are whole seconds, so that their texts are ordered as they are.

-- Never deleted: the log of accesses and the answers speak of users.
CREATE TABLE users (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL COLLATE NOCASE UNIQUE,
    display_name TEXT NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('reader', 'broker', 'office', 'admin')),
    broker TEXT,
    password TEXT NOT NULL,
    disabled INTEGER NOT NULL CHECK (disabled IN (0, 1)),
    created_at TEXT NOT NULL,
    changed_at TEXT NOT NULL,
    sum INTEGER NOT NULL
) STRICT;
CREATE TRIGGER users_are_not_deleted BEFORE DELETE ON users
BEGIN SELECT RAISE(ABORT, 'users are kept'); END;

-- `user` is the one for whom the token's bearer acts, if any; `scopes` words between commas.
CREATE TABLE tokens (
    id INTEGER PRIMARY KEY,
    hash BLOB NOT NULL UNIQUE,
    label TEXT NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('reader', 'broker', 'office', 'admin')),
    scopes TEXT NOT NULL,
    user INTEGER REFERENCES users (id),
    created_at TEXT NOT NULL,
    expires_at TEXT NOT NULL,
    revoked_at TEXT,
    used_at TEXT,
    sum INTEGER NOT NULL
) STRICT;
CREATE TRIGGER tokens_are_not_deleted BEFORE DELETE ON tokens
BEGIN SELECT RAISE(ABORT, 'tokens are kept'); END;
CREATE TRIGGER tokens_stay_revoked BEFORE UPDATE ON tokens
WHEN OLD.revoked_at IS NOT NULL AND NEW.revoked_at IS NOT OLD.revoked_at
BEGIN SELECT RAISE(ABORT, 'a revoked token stays revoked'); END;

-- Of the pages. `user` is NULL for the page of whoever sits at the machine.
CREATE TABLE sessions (
    id INTEGER PRIMARY KEY,
    hash BLOB NOT NULL UNIQUE,
    user INTEGER REFERENCES users (id),
    created_at TEXT NOT NULL,
    seen_at TEXT NOT NULL,
    expires_at TEXT NOT NULL,
    sum INTEGER NOT NULL
) STRICT;
CREATE INDEX sessions_by_user ON sessions (user);

-- Each opens one session, once.
CREATE TABLE launches (
    id INTEGER PRIMARY KEY,
    hash BLOB NOT NULL UNIQUE,
    user INTEGER REFERENCES users (id),
    expires_at TEXT NOT NULL,
    sum INTEGER NOT NULL
) STRICT;

-- Who saw what is not public. `label` is what the actor was called at the time. Rows may go when
-- they are 180 days older than the latest one; a sweep enters itself first, so that the log has
-- the clock that a trigger lacks.
CREATE TABLE accesses (
    id INTEGER PRIMARY KEY,
    at TEXT NOT NULL,
    actor_kind TEXT NOT NULL CHECK (actor_kind IN ('user', 'token', 'local')),
    actor INTEGER,
    label TEXT NOT NULL,
    kind TEXT NOT NULL,
    side INTEGER CHECK (side IN (0, 1)),
    record TEXT,
    visibility TEXT,
    sum INTEGER NOT NULL,
    CHECK ((actor_kind = 'local') = (actor IS NULL))
) STRICT;
CREATE INDEX accesses_by_time ON accesses (at);
CREATE INDEX accesses_by_actor ON accesses (actor_kind, actor);
CREATE INDEX accesses_by_record ON accesses (record, side);
CREATE TRIGGER accesses_are_not_changed BEFORE UPDATE ON accesses
BEGIN SELECT RAISE(ABORT, 'the log of accesses is append-only'); END;
CREATE TRIGGER accesses_are_kept BEFORE DELETE ON accesses
WHEN OLD.at > strftime('%Y-%m-%dT%H:%M:%SZ', (SELECT max(at) FROM accesses), '-180 days')
BEGIN SELECT RAISE(ABORT, 'accesses are kept for 180 days'); END;

-- Demands that users want to be told news of. `user` as in sessions; `filters` a JSON object;
-- `seen_run` the folder of the run whose answers were last looked at.
CREATE TABLE saved_queries (
    id INTEGER PRIMARY KEY,
    user INTEGER REFERENCES users (id),
    name TEXT NOT NULL,
    side INTEGER NOT NULL CHECK (side IN (0, 1)),
    text TEXT NOT NULL,
    filters TEXT NOT NULL,
    created_at TEXT NOT NULL,
    seen_run TEXT,
    sum INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX saved_queries_by_name ON saved_queries (coalesce(user, 0), name);
