//! A pool of pairs to be graded blind, and the grades: how the graded sets grow.
//!
//! `judge/pool.tsv` has one pair per line, demand then supply; `judge/grades.tsv` one grade per line,
//! appended: when, assessor, demand, supply, grade. The last grade that an assessor gave a pair counts.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::{JobError, Serving, Workspace};
use crate::model::{Role, Side};

/// The highest grade: the supply answers the demand.
pub const HIGHEST_GRADE: u8 = 3;

/// Pairs of ids, demand then supply, in the order in which they are graded.
pub type Pool = Vec<(String, String)>;

/// Grades by assessor and pair.
pub type Grades = BTreeMap<String, BTreeMap<(String, String), u8>>;

/// The pool and the grades of a workspace.
#[derive(Debug, Clone)]
pub struct Judging {
    folder: PathBuf,
}

impl Judging {
    /// Those of a workspace, whether there are any or not.
    #[must_use]
    pub fn of(workspace: &Workspace) -> Self {
        Self { folder: workspace.path("judge") }
    }

    fn pool_path(&self) -> PathBuf {
        self.folder.join("pool.tsv")
    }

    fn grades_path(&self) -> PathBuf {
        self.folder.join("grades.tsv")
    }

    /// The pool; empty where there is none.
    ///
    /// # Errors
    /// [`JobError::Io`], and [`JobError::Damaged`] for a line that is no pair.
    pub fn pool(&self) -> Result<Pool, JobError> {
        let path = self.pool_path();
        lines(&path)?
            .map(|(number, line)| match line.split('\t').collect::<Vec<_>>()[..] {
                [demand, supply] => Ok((demand.to_owned(), supply.to_owned())),
                _ => Err(damaged(&path, number)),
            })
            .collect()
    }

    /// Adds up to `n` pairs of what is published to the pool, and returns how many were added.
    ///
    /// The pairs are spread over demands and ranks: of every demand in turn its best pair, then its
    /// next, so that good, middling and missed pairs come up alike. Their order is by a hash of their
    /// ids, so that a grader cannot tell the rank from the place. Pairs that are in the pool already
    /// are not added.
    ///
    /// # Errors
    /// [`JobError::Io`], [`JobError::Damaged`].
    pub fn add_pairs(&self, serving: &Serving, n: usize) -> Result<usize, JobError> {
        let before: BTreeSet<(String, String)> = self.pool()?.into_iter().collect();
        let view = serving.snapshot.seen_by(Role::Admin);
        let mut by_rank: BTreeMap<(u32, String), (String, String)> = BTreeMap::new();
        for demand in view.ids(Side::Demand) {
            for (rank, head) in
                (0_u32..).zip(view.matches(Side::Demand, &demand).unwrap_or_default())
            {
                let pair = (head.demand.0, head.supply.0);
                if !before.contains(&pair) {
                    by_rank.insert((rank, place_of(&pair)), pair);
                }
            }
        }
        let mut chosen: Pool = by_rank.into_values().take(n).collect();
        chosen.sort_by_key(place_of);
        let text: String =
            chosen.iter().map(|(demand, supply)| format!("{demand}\t{supply}\n")).collect();
        append(&self.folder, &self.pool_path(), &text)?;
        Ok(chosen.len())
    }

    /// All grades; the last that an assessor gave a pair.
    ///
    /// # Errors
    /// [`JobError::Io`], and [`JobError::Damaged`] for a line that is no grade.
    pub fn grades(&self) -> Result<Grades, JobError> {
        let path = self.grades_path();
        let mut grades = Grades::new();
        for (number, line) in lines(&path)? {
            let fields: Vec<&str> = line.split('\t').collect();
            let [_, assessor, demand, supply, grade] = fields[..] else {
                return Err(damaged(&path, number));
            };
            let grade: u8 = grade.parse().map_err(|_| damaged(&path, number))?;
            let pair = (demand.to_owned(), supply.to_owned());
            grades.entry(assessor.to_owned()).or_default().insert(pair, grade);
        }
        Ok(grades)
    }

    /// Enters a grade.
    ///
    /// # Errors
    /// [`JobError::Io`].
    pub fn grade(
        &self,
        assessor: &str,
        (demand, supply): &(String, String),
        grade: u8,
        at: Timestamp,
    ) -> Result<(), JobError> {
        // A name with a tab would be two fields.
        let assessor = assessor.replace(['\t', '\n', '\r'], " ");
        let line = format!("{at}\t{assessor}\t{demand}\t{supply}\t{grade}\n");
        append(&self.folder, &self.grades_path(), &line)
    }

    /// Writes the grades in the format of qrels, `demand 0 supply grade`: of pairs with several
    /// assessors the lower median, so that one enthusiast decides nothing. Returns how many pairs.
    ///
    /// # Errors
    /// [`JobError::Io`], [`JobError::Damaged`].
    pub fn write_qrels(&self, path: &Path) -> Result<usize, JobError> {
        let mut by_pair: BTreeMap<(String, String), Vec<u8>> = BTreeMap::new();
        for of_one in self.grades()?.into_values() {
            for (pair, grade) in of_one {
                by_pair.entry(pair).or_default().push(grade);
            }
        }
        let mut text = String::new();
        for ((demand, supply), grades) in &mut by_pair {
            grades.sort_unstable();
            let grade = grades[(grades.len() - 1) / 2];
            text.push_str(&format!("{demand}\t0\t{supply}\t{grade}\n"));
        }
        fs::write(path, text).map_err(|e| JobError::io("write", path, e))?;
        Ok(by_pair.len())
    }
}

/// A place in the order of a pool that says nothing of a pair.
fn place_of((demand, supply): &(String, String)) -> String {
    use sha2::{Digest, Sha256};

    let digest = Sha256::digest(format!("{demand}\t{supply}"));
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn lines(path: &Path) -> Result<impl Iterator<Item = (usize, String)> + use<>, JobError> {
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(JobError::io("read", path, error)),
    };
    let lines: Vec<(usize, String)> =
        (1..).zip(text.lines()).map(|(number, line)| (number, line.to_owned())).collect();
    Ok(lines.into_iter().filter(|(_, line)| !line.is_empty()))
}

fn append(folder: &Path, path: &Path, text: &str) -> Result<(), JobError> {
    let write = || -> io::Result<()> {
        fs::create_dir_all(folder)?;
        let mut file = File::options().append(true).create(true).open(path)?;
        // One write, so that two assessors' lines do not mix.
        file.write_all(text.as_bytes())?;
        file.sync_all()
    };
    write().map_err(|e| JobError::io("write", path, e))
}

fn damaged(path: &Path, line: usize) -> JobError {
    JobError::Damaged { path: path.to_owned(), reason: format!("line {line}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_grade_counts_and_the_lower_median_is_written() {
        let folder = tempfile::tempdir().expect("a folder");
        let judging = Judging { folder: folder.path().join("judge") };
        assert!(judging.grades().expect("none").is_empty());
        let (one, two) = (("d1".to_owned(), "s1".to_owned()), ("d1".to_owned(), "s2".to_owned()));
        let at = Timestamp::UNIX_EPOCH;
        for (who, pair, grade) in
            [("甲", &one, 0), ("甲", &one, 3), ("乙\t丙", &one, 1), ("甲", &two, 2)]
        {
            judging.grade(who, pair, grade, at).expect("written");
        }
        let grades = judging.grades().expect("read");
        assert_eq!(grades["甲"][&one], 3);
        assert_eq!(grades["乙 丙"][&one], 1);
        let path = folder.path().join("qrels.tsv");
        assert_eq!(judging.write_qrels(&path).expect("written"), 2);
        assert_eq!(fs::read_to_string(&path).expect("read"), "d1\t0\ts1\t1\nd1\t0\ts2\t2\n");
        fs::write(judging.grades_path(), "torn").expect("write");
        assert!(matches!(judging.grades(), Err(JobError::Damaged { .. })));
    }
}
