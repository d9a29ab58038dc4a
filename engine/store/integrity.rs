//! Whether the store is what was written.

use rusqlite::Connection;

use super::schema::{self, SCHEMA_VERSION};
use super::seal::{SEALED, columns};
use super::{Store, StoreError, counts, events};
use crate::model::Lang;

/// Most findings per kind and table: enough to see how far the damage goes.
const MOST: i64 = 100;

/// Something that is not as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// SQLite's own structure is damaged.
    Structure {
        /// What SQLite says.
        detail: String,
    },
    /// A table, index or trigger is not the one that this program makes.
    Schema {
        /// Its name.
        object: String,
    },
    /// A row refers to one that is not there.
    Reference {
        /// The row's table.
        table: String,
        /// The row.
        row: Option<i64>,
        /// The table it refers to.
        parent: String,
    },
    /// The values of a row are not those that were written.
    Row {
        /// The row's table.
        table: String,
        /// The row.
        row: i64,
    },
    /// An event is not the one that was logged, or one before it is missing.
    Event {
        /// Its place in the log.
        seq: i64,
    },
    /// A kept total is not what counting gives.
    Total {
        /// Which total.
        name: String,
        /// As kept.
        kept: i64,
        /// As counted.
        counted: i64,
    },
}

impl Finding {
    /// The finding in words.
    #[must_use]
    pub fn message(&self, lang: Lang) -> String {
        let zh = lang == Lang::Zh;
        match self {
            Self::Structure { detail } if zh => format!("数据库结构损坏：{detail}"),
            Self::Structure { detail } => format!("damaged structure: {detail}"),
            Self::Schema { object } if zh => format!("数据库对象 {object} 与程序的定义不同"),
            Self::Schema { object } => format!("{object} is not as this program defines it"),
            Self::Reference { table, row, parent } => {
                let row = row.map_or_else(String::new, |row| row.to_string());
                if zh {
                    format!("表 {table} 第 {row} 行引用的 {parent} 不存在")
                } else {
                    format!("row {row} of {table} refers to a missing row of {parent}")
                }
            }
            Self::Row { table, row } if zh => format!("表 {table} 第 {row} 行的内容已改变"),
            Self::Row { table, row } => format!("row {row} of {table} is not as it was written"),
            Self::Event { seq } if zh => format!("日志第 {seq} 条已改变，或它之前有缺失"),
            Self::Event { seq } => format!("event {seq} was changed, or one before it is missing"),
            Self::Total { name, kept, counted } if zh => {
                format!("合计 {name} 记为 {kept}，实际为 {counted}")
            }
            Self::Total { name, kept, counted } => {
                format!("the total of {name} is kept as {kept} and counted as {counted}")
            }
        }
    }
}

impl Store {
    /// Checks everything: SQLite's structure and indexes, references, the hash of every row, the
    /// chain of events, kept totals. Reads the whole file; nothing is found in a sound store.
    ///
    /// # Errors
    /// When the file cannot be read at all; damage is among the findings.
    pub fn integrity(&self) -> Result<Vec<Finding>, StoreError> {
        self.check(|conn, findings| {
            structure(conn, "integrity_check", findings)?;
            schema_differs(conn, findings)?;
            references(conn, findings)?;
            rows(conn, findings)?;
            chain(conn, findings)?;
            totals(conn, findings)
        })
    }

    /// Checks what can be checked quickly: SQLite's structure without the content of indexes, the
    /// schema, the chain of events. For every night.
    ///
    /// # Errors
    /// When the file cannot be read at all; damage is among the findings.
    pub fn quick_check(&self) -> Result<Vec<Finding>, StoreError> {
        self.check(|conn, findings| {
            structure(conn, "quick_check", findings)?;
            schema_differs(conn, findings)?;
            chain(conn, findings)
        })
    }

    fn check(
        &self,
        body: impl FnOnce(&Connection, &mut Vec<Finding>) -> Result<(), StoreError>,
    ) -> Result<Vec<Finding>, StoreError> {
        let mut findings = Vec::new();
        match self.read(|conn| body(conn, &mut findings)) {
            Ok(()) => {}
            // Damage that a check stumbles over is a finding like others.
            Err(StoreError::Corrupt { detail, .. } | StoreError::Internal { detail, .. }) => {
                findings.push(Finding::Structure { detail });
            }
            Err(error) => return Err(error),
        }
        Ok(findings)
    }
}

fn structure(
    conn: &Connection,
    pragma: &str,
    findings: &mut Vec<Finding>,
) -> Result<(), StoreError> {
    let mut select = conn.prepare(&format!("PRAGMA {pragma}({MOST})"))?;
    let lines = select.query_map([], |row| row.get::<_, String>(0))?;
    for detail in lines {
        let detail = detail?;
        if detail != "ok" {
            findings.push(Finding::Structure { detail });
        }
    }
    Ok(())
}

fn schema_differs(conn: &Connection, findings: &mut Vec<Finding>) -> Result<(), StoreError> {
    let fresh = Connection::open_in_memory()?;
    schema::migrate(&fresh, 0, SCHEMA_VERSION)?;
    let (expected, found) = (schema::objects(&fresh)?, schema::objects(conn)?);
    let differing = expected
        .iter()
        .filter(|object| !found.contains(object))
        .chain(found.iter().filter(|object| !expected.contains(object)));
    let mut names: Vec<&String> = differing.map(|(_, name, _)| name).collect();
    names.sort();
    names.dedup();
    findings.extend(names.into_iter().map(|name| Finding::Schema { object: name.clone() }));
    Ok(())
}

fn references(conn: &Connection, findings: &mut Vec<Finding>) -> Result<(), StoreError> {
    let mut select = conn.prepare("PRAGMA foreign_key_check")?;
    let mut rows = select.query([])?;
    let mut n = 0;
    while let Some(row) = rows.next()? {
        n += 1;
        if n > MOST {
            break;
        }
        findings.push(Finding::Reference {
            table: row.get(0)?,
            row: row.get(1)?,
            parent: row.get(2)?,
        });
    }
    Ok(())
}

fn rows(conn: &Connection, findings: &mut Vec<Finding>) -> Result<(), StoreError> {
    for (table, _) in SEALED {
        let columns = columns(table).join(", ");
        let sql = format!("SELECT id FROM {table} WHERE sum <> row_sum({columns}) LIMIT {MOST}");
        let mut select = conn.prepare(&sql)?;
        for row in select.query_map([], |row| row.get(0))? {
            findings.push(Finding::Row { table: (*table).to_owned(), row: row? });
        }
    }
    Ok(())
}

fn chain(conn: &Connection, findings: &mut Vec<Finding>) -> Result<(), StoreError> {
    findings.extend(events::broken_chain(conn)?.map(|seq| Finding::Event { seq }));
    Ok(())
}

/// Recounts what is kept.
fn totals(conn: &Connection, findings: &mut Vec<Finding>) -> Result<(), StoreError> {
    let mut compare = |name: String, kept: i64, counted: i64| {
        if kept != counted {
            findings.push(Finding::Total { name, kept, counted });
        }
    };
    // Versions of an import that is open are not counted yet.
    let mut select = conn.prepare(
        "WITH visible AS (
             SELECT v.record, v.import, v.says IS NOT NULL AS live
             FROM versions v JOIN imports i ON i.id = v.import WHERE i.state = 'complete'),
         last AS (SELECT record, max(import), live, count(*) AS n FROM visible GROUP BY record)
         SELECT l.name, l.live, l.withdrawn, l.versions,
                coalesce(sum(last.live), 0), coalesce(sum(1 - last.live), 0),
                coalesce(sum(last.n), 0)
         FROM lists l LEFT JOIN records r ON r.list = l.id LEFT JOIN last ON last.record = r.id
         GROUP BY l.id",
    )?;
    let mut rows = select.query([])?;
    while let Some(row) = rows.next()? {
        let list: String = row.get(0)?;
        for (at, what) in [(1, "live"), (2, "withdrawn"), (3, "versions")] {
            compare(format!("{list}.{what}"), row.get(at)?, row.get(at + 3)?);
        }
    }
    for (name, sql) in [
        (counts::ORGANIZATIONS, "SELECT count(*) FROM organizations WHERE merged_into IS NULL"),
        (counts::ANSWERS, "SELECT count(*) FROM answers"),
        (counts::IMPORTS, "SELECT count(*) FROM imports WHERE state = 'complete'"),
        (counts::ACCESSES, "SELECT count(*) FROM accesses"),
        (counts::RUNS, "SELECT count(*) FROM runs WHERE state = 'published'"),
    ] {
        let kept = conn.query_row(
            "SELECT coalesce(max(value), 0) FROM totals WHERE name = ?1",
            [name],
            |row| row.get(0),
        )?;
        compare(name.to_owned(), kept, conn.query_row(sql, [], |row| row.get(0))?);
    }
    Ok(())
}
