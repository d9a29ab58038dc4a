//! Whether everything in a workspace is as it was published.

use serde::Serialize;

use super::generation::{self, Difference, FolderManifest, MANIFEST};
use super::{Current, JobError, Workspace, files};
use crate::model::Lang;

/// What was looked at and what is wrong.
#[derive(Debug, Clone, Serialize)]
pub struct Verification {
    /// Files that were hashed.
    pub files: usize,
    /// Generations that were looked at, the present one last.
    pub generations: Vec<u64>,
    /// What is wrong with the store; empty if it is sound.
    pub store: Vec<String>,
    /// Files that are not as published.
    pub differences: Vec<Difference>,
}

impl Verification {
    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.store.is_empty() && self.differences.is_empty()
    }

    /// Whether it is the store that is wrong: then only a backup helps.
    #[must_use]
    pub fn is_store_at_fault(&self) -> bool {
        !self.store.is_empty()
    }
}

/// Hashes every file of every generation and of the published run, and looks through the store.
/// Writes nothing and takes no lock, so it may run beside a night; what that night is making is
/// not looked at.
///
/// # Errors
/// [`JobError::NoStore`], [`JobError::Newer`]; a store that cannot even be opened is a finding.
pub fn verify(workspace: &Workspace, lang: Lang) -> Result<Verification, JobError> {
    let mut found = Verification {
        files: 0,
        generations: Vec::new(),
        store: Vec::new(),
        differences: Vec::new(),
    };
    match workspace.store_read_only().and_then(|store| Ok(store.integrity()?)) {
        Ok(findings) => {
            found.store = findings.iter().map(|finding| finding.message(lang)).collect();
        }
        Err(JobError::Store(error)) if is_damage(&error) => {
            found.store.push(crate::model::Diagnosis::message(&error, lang));
        }
        Err(error) => return Err(error),
    }
    let current = match Current::read(workspace) {
        Err(JobError::Damaged { reason, .. }) => {
            found.differences.push(Difference {
                file: "CURRENT".to_owned(),
                what: "changed",
                detail: reason,
            });
            None
        }
        other => other?,
    };
    let last = current.as_ref().map_or(u64::MAX, |current| current.generation);
    let mut numbers: Vec<u64> = std::fs::read_dir(workspace.path("generations"))
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| entry.file_name().to_string_lossy().parse().ok())
        // What stands above the published one is being made just now.
        .filter(|number| *number <= last)
        .collect();
    numbers.sort_unstable();
    for number in numbers {
        look_at(workspace, number, current.as_ref(), &mut found)?;
    }
    if let Some(current) = &current {
        if !found.generations.contains(&current.generation) {
            found.differences.push(Difference {
                file: format!("generations/{}", current.generation),
                what: "missing",
                detail: String::new(),
            });
        }
        let run = workspace.run(&current.run);
        found.files += current.run_files.len();
        let shown = format!("runs/{}", current.run);
        found.differences.extend(generation::compare(&run, &current.run_files, &shown, None));
    }
    Ok(found)
}

fn is_damage(error: &crate::store::StoreError) -> bool {
    use crate::store::StoreError;
    matches!(error, StoreError::Corrupt { .. } | StoreError::NotAStore { .. })
}

fn look_at(
    workspace: &Workspace,
    number: u64,
    current: Option<&Current>,
    found: &mut Verification,
) -> Result<(), JobError> {
    found.generations.push(number);
    let dir = workspace.generation(number);
    let shown = format!("generations/{number}");
    let manifest_differs = |detail: String| Difference {
        file: format!("{shown}/{MANIFEST}"),
        what: "changed",
        detail,
    };
    if let Some(current) = current.filter(|current| current.generation == number) {
        match files::hash(&dir.join(MANIFEST)) {
            Ok((sha256, _)) if sha256 == current.generation_sha256 => {}
            Ok((sha256, _)) => {
                found.differences.push(manifest_differs(format!("SHA-256 {sha256}")));
            }
            Err(error) => {
                found.differences.push(manifest_differs(error.to_string()));
            }
        }
    }
    match FolderManifest::read(&dir) {
        Ok(manifest) => {
            found.files += manifest.files.len() + 1;
            found.differences.extend(generation::compare(
                &dir,
                &manifest.files,
                &shown,
                Some(MANIFEST),
            ));
        }
        Err(error @ JobError::Newer { .. }) => return Err(error),
        Err(error) => found.differences.push(manifest_differs(error.to_string())),
    }
    Ok(())
}
