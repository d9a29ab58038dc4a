//! Making and opening a store.

use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use rusqlite::{Connection, OpenFlags, OptionalExtension, TransactionBehavior};

use super::StoreError;
use super::events::{Event, append};
use super::schema::{self, APPLICATION_ID, SCHEMA_VERSION};
use super::seal;
use super::transaction::Durability;

/// How long a writer waits for another before it gives up.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// One connection to a store.
pub struct Store {
    pub(super) conn: Connection,
    pub(super) path: PathBuf,
    pub(super) durability: Durability,
    /// Rows changed by the largest transaction so far, as the tests of bounds read it.
    pub(super) largest_write: u64,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store").field("path", &self.path).finish_non_exhaustive()
    }
}

impl Store {
    /// Makes an empty store.
    ///
    /// A file that an interrupted `create` left blank is taken for none.
    ///
    /// # Errors
    /// [`StoreError::Exists`] where there is a store or another file; `Full`, `ReadOnly`, `Io`.
    pub fn create(path: &Path, at: Timestamp) -> Result<Self, StoreError> {
        let made = || -> Result<Self, StoreError> {
            let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
                | OpenFlags::SQLITE_OPEN_CREATE
                | OpenFlags::SQLITE_OPEN_NO_MUTEX;
            let mut store = Self::connect(path, flags)?;
            if !blank(&store.conn)? {
                return Err(StoreError::Exists { path: path.to_owned() });
            }
            store.prepare_for_writing()?;
            let transaction =
                store.conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
            if !blank(&transaction)? {
                return Err(StoreError::Exists { path: path.to_owned() });
            }
            transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
            schema::migrate(&transaction, 0, SCHEMA_VERSION)?;
            let program = env!("CARGO_PKG_VERSION");
            seal::insert(&transaction, "meta", ("program", program))?;
            append(&transaction, at, &Event::Created { program: program.to_owned() })?;
            transaction.commit()?;
            Ok(store)
        };
        made().map_err(|error| match error {
            // It is no database at all.
            StoreError::Corrupt { .. } => StoreError::Exists { path: path.to_owned() },
            error => error.at(path),
        })
    }

    /// Opens a store for reading and writing; one of an older version is brought up to date, each
    /// version in one transaction.
    ///
    /// # Errors
    /// [`StoreError::Missing`], `NotAStore`, `Newer`, `Corrupt`, `ReadOnly`, `Busy`, `Full`, `Io`.
    pub fn open(path: &Path, at: Timestamp) -> Result<Self, StoreError> {
        let opened = || -> Result<Self, StoreError> {
            exists(path)?;
            let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
            let mut store = Self::connect(path, flags)?;
            let found = recognise(&store.conn, path)?;
            if store.conn.is_readonly("main")? {
                return Err(StoreError::ReadOnly { path: path.to_owned() });
            }
            store.prepare_for_writing()?;
            if found < SCHEMA_VERSION {
                store.migrate(at)?;
            }
            Ok(store)
        };
        opened().map_err(|error| error.at(path))
    }

    /// Opens a store for reading: nothing is written, also not to its folder if that is read-only.
    ///
    /// # Errors
    /// [`StoreError::Missing`], `NotAStore`, `Newer`, `Older`, `Corrupt`, `Io`.
    pub fn open_read_only(path: &Path) -> Result<Self, StoreError> {
        let opened = |uri: bool| -> Result<Self, StoreError> {
            let mut flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
            let store = if uri {
                flags |= OpenFlags::SQLITE_OPEN_URI;
                Self::connect(&immutable(path), flags)?
            } else {
                Self::connect(path, flags)?
            };
            let found = recognise(&store.conn, path)?;
            if found < SCHEMA_VERSION {
                let path = path.to_owned();
                return Err(StoreError::Older { path, found, known: SCHEMA_VERSION });
            }
            Ok(Self { path: path.to_owned(), ..store })
        };
        exists(path)?;
        let first = opened(false);
        // A reader of a file in WAL mode makes files beside it. Where it cannot, and no other
        // process has left any, the file is all there is.
        let [_, log, _] = Self::files(path);
        let settled = std::fs::metadata(log).map_or(true, |log| log.len() == 0);
        match first {
            Err(StoreError::Io { .. } | StoreError::ReadOnly { .. }) if settled => opened(true),
            other => other,
        }
        .map_err(|error| error.at(path))
    }

    /// The files that make up a store: the database, its log and the log's index; they are moved
    /// together. The last two need not exist.
    #[must_use]
    pub fn files(path: &Path) -> [PathBuf; 3] {
        let beside = |ending: &str| {
            let mut name = path.as_os_str().to_owned();
            name.push(ending);
            PathBuf::from(name)
        };
        [path.to_owned(), beside("-wal"), beside("-shm")]
    }

    /// Where the store is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The store's schema version.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn schema_version(&self) -> Result<u32, StoreError> {
        self.read(|conn| Ok(user_version(conn)?))
    }

    fn connect(path: &Path, flags: OpenFlags) -> Result<Self, StoreError> {
        let conn = Connection::open_with_flags(path, flags)?;
        conn.busy_timeout(BUSY_TIMEOUT)?;
        conn.set_prepared_statement_cache_capacity(128);
        conn.pragma_update(None, "foreign_keys", true)?;
        // Nothing in the file may call functions, and damaged cells are seen when read.
        conn.pragma_update(None, "trusted_schema", false)?;
        conn.pragma_update(None, "cell_size_check", true)?;
        // 64 MiB, so that the upper pages of all indexes of a million records stay in memory.
        conn.pragma_update(None, "cache_size", -65_536)?;
        seal::register(&conn)?;
        Ok(Self { conn, path: path.to_owned(), durability: Durability::Synced, largest_write: 0 })
    }

    fn prepare_for_writing(&self) -> Result<(), StoreError> {
        let mode: String =
            self.conn.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0))?;
        if !mode.eq_ignore_ascii_case("wal") {
            let detail = format!("journal mode {mode} instead of wal");
            return Err(StoreError::Io { path: PathBuf::new(), detail });
        }
        self.conn.pragma_update(None, "synchronous", "FULL")?;
        // The log is copied back every 64 MiB, so that a page of an index that many rows of a large
        // list change is copied once for all of them, and is cut to that when it grew.
        self.conn.pragma_update(None, "wal_autocheckpoint", 16_384)?;
        self.conn.pragma_update_and_check(None, "journal_size_limit", 64 << 20, |_| Ok(()))?;
        Ok(())
    }

    fn migrate(&mut self, at: Timestamp) -> Result<(), StoreError> {
        loop {
            let transaction =
                self.conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
            // Another process may have done it since.
            let from = user_version(&transaction)?;
            if from >= SCHEMA_VERSION {
                return Ok(());
            }
            let to = from + 1;
            // The file says it is older than it is: its version was damaged.
            schema::migrate(&transaction, from, to).map_err(|error| match error {
                rusqlite::Error::SqliteFailure(ref cause, _)
                    if cause.code == rusqlite::ErrorCode::Unknown =>
                {
                    StoreError::damaged(format!("schema {from} cannot be led to {to}: {error}"))
                }
                other => other.into(),
            })?;
            let program = env!("CARGO_PKG_VERSION");
            transaction.execute("UPDATE meta SET value = ?1 WHERE key = 'program'", [program])?;
            let id =
                transaction
                    .query_row("SELECT id FROM meta WHERE key = 'program'", [], |row| row.get(0))?;
            seal::seal(&transaction, "meta", id)?;
            append(&transaction, at, &Event::Migrated { from, to, program: program.to_owned() })?;
            transaction.commit()?;
        }
    }
}

fn exists(path: &Path) -> Result<(), StoreError> {
    match path.try_exists() {
        Ok(true) => Ok(()),
        Ok(false) => Err(StoreError::Missing { path: path.to_owned() }),
        Err(error) => Err(StoreError::Io { path: path.to_owned(), detail: error.to_string() }),
    }
}

fn user_version(conn: &Connection) -> rusqlite::Result<u32> {
    conn.pragma_query_value(None, "user_version", |row| row.get(0))
}

fn application_id(conn: &Connection) -> rusqlite::Result<i32> {
    conn.pragma_query_value(None, "application_id", |row| row.get(0))
}

/// Whether the file holds nothing at all yet.
fn blank(conn: &Connection) -> Result<bool, StoreError> {
    let n_objects: i64 =
        conn.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    Ok(n_objects == 0 && application_id(conn)? == 0)
}

/// The schema version of a store that this program may read.
fn recognise(conn: &Connection, path: &Path) -> Result<u32, StoreError> {
    if application_id(conn)? != APPLICATION_ID {
        return Err(StoreError::NotAStore { path: path.to_owned() });
    }
    let found = user_version(conn)?;
    if found > SCHEMA_VERSION {
        // A newer schema may keep it elsewhere; then the program's version stays unknown.
        let program = conn
            .query_row("SELECT value FROM meta WHERE key = 'program'", [], |row| row.get(0))
            .optional()
            .unwrap_or_default();
        let path = path.to_owned();
        return Err(StoreError::Newer { path, found, known: SCHEMA_VERSION, program });
    }
    if found == 0 {
        return Err(StoreError::damaged("it has no schema version"));
    }
    Ok(found)
}

/// The file as a URI that says nobody changes it.
fn immutable(path: &Path) -> PathBuf {
    let mut uri = String::from("file:");
    let text = path.to_string_lossy().replace('\\', "/");
    if !text.starts_with('/') && text.contains(':') {
        // A drive letter stands after the slash of an absolute path.
        uri.push('/');
    }
    for c in text.chars() {
        match c {
            '?' => uri.push_str("%3f"),
            '#' => uri.push_str("%23"),
            '%' => uri.push_str("%25"),
            c => uri.push(c),
        }
    }
    uri.push_str("?immutable=1");
    PathBuf::from(uri)
}
