//! The floors of `engine/ARCHITECTURE.md`: a module uses lower floors only, and neighbours on one
//! floor do not know each other.

use std::fs;
use std::path::{Path, PathBuf};

/// Floor of each module at the top of the library.
const FLOORS: &[(&str, u8)] = &[
    ("model", 0),
    ("kernel", 1),
    ("text", 1),
    ("matching", 2),
    ("evaluation", 2),
    ("simulation", 3),
    ("corpus", 4),
    ("store", 4),
    ("index", 4),
    ("embed", 4),
    ("gpu", 4),
    ("report", 4),
    ("pipeline", 5),
    ("config", 5),
    ("scenario", 5),
    ("job", 6),
    ("forecast", 6),
    ("server", 7),
    ("cli", 8),
];

/// Crates that only one module may name.
const OWNED_CRATES: &[(&str, &[&str])] = &[
    ("wgpu", &["gpu"]),
    ("tantivy", &["index"]),
    ("rusqlite", &["store"]),
    ("jieba_rs", &["text"]),
    ("calamine", &["corpus"]),
    ("quick_xml", &["corpus"]),
    ("rust_xlsxwriter", &["report"]),
    ("maud", &["report", "server"]),
    ("safetensors", &["embed"]),
    ("candle_core", &["embed"]),
    ("gemm", &["embed"]),
    ("pulp", &["embed"]),
    ("tokenizers", &["embed"]),
    ("ureq", &["embed"]),
    ("argon2", &["store"]),
    ("axum", &["server"]),
    ("utoipa", &["server"]),
    ("parquet", &["job", "report"]),
    ("resvg", &["report"]),
    ("clap", &["cli"]),
    ("rpassword", &["cli"]),
    ("indicatif", &["cli"]),
];

fn floor(module: &str) -> Option<u8> {
    FLOORS.iter().find(|(name, _)| *name == module).map(|(_, floor)| *floor)
}

fn engine() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("engine")
}

fn rust_files(dir: &Path, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).expect("a readable folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            rust_files(&path, into);
        } else if path.extension().is_some_and(|e| e == "rs") {
            into.push(path);
        }
    }
}

/// The modules that a line of code names as `crate::…`, grouped imports included.
fn named_modules(line: &str) -> Vec<String> {
    let code = line.split("//").next().unwrap_or("");
    let mut names = Vec::new();
    for rest in code.split("crate::").skip(1) {
        let list = match rest.strip_prefix('{') {
            Some(group) => top_level(group),
            None => vec![rest],
        };
        for name in list {
            let name: String =
                name.trim().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            if !name.is_empty() {
                names.push(name);
            }
        }
    }
    names
}

/// Splits `a::b, c::{d, e}` at the commas outside of inner braces.
fn top_level(group: &str) -> Vec<&str> {
    let (mut depth, mut start, mut parts) = (0_i32, 0, Vec::new());
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => {
                parts.push(&group[start..at]);
                return parts;
            }
            '}' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(&group[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&group[start..]);
    parts
}

/// Joins an import that spans lines, so that groups are seen whole; returns (line, text).
fn statements(source: &str) -> Vec<(usize, String)> {
    let mut out: Vec<(usize, String)> = Vec::new();
    let mut open: Option<(usize, String)> = None;
    for (at, line) in (1..).zip(source.lines()) {
        match &mut open {
            Some((_, text)) => {
                text.push_str(line.split("//").next().unwrap_or(""));
                if line.contains(';') {
                    out.extend(open.take());
                }
            }
            None => {
                let trimmed = line.trim_start();
                let import = trimmed.starts_with("use ") || trimmed.starts_with("pub use ");
                if import && !line.contains(';') {
                    open = Some((at, line.to_owned()));
                } else {
                    out.push((at, line.to_owned()));
                }
            }
        }
    }
    out.extend(open);
    out
}

#[test]
fn modules_use_lower_floors_only() {
    let mut files = Vec::new();
    rust_files(&engine(), &mut files);
    assert!(files.len() > 20, "the engine was not found");
    let mut faults = Vec::new();
    for path in &files {
        let relative = path.strip_prefix(engine()).expect("inside");
        let first = relative.components().next().expect("a name").as_os_str().to_string_lossy();
        let module = first.trim_end_matches(".rs").to_owned();
        if ["lib", "main"].contains(&module.as_str()) {
            continue;
        }
        let Some(own) = floor(&module) else {
            faults.push(format!("{}: {module} has no floor", relative.display()));
            continue;
        };
        for (line, text) in statements(&fs::read_to_string(path).expect("readable")) {
            for other in named_modules(&text) {
                let Some(theirs) = floor(&other) else { continue };
                if other != module && theirs >= own {
                    faults.push(format!(
                        "{}:{line}: {module} (floor {own}) uses {other} (floor {theirs})",
                        relative.display()
                    ));
                }
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn owned_crates_stay_at_home() {
    let mut files = Vec::new();
    rust_files(&engine(), &mut files);
    let mut faults = Vec::new();
    for path in &files {
        let relative = path.strip_prefix(engine()).expect("inside");
        let first = relative.components().next().expect("a name").as_os_str().to_string_lossy();
        let module = first.trim_end_matches(".rs").to_owned();
        for (line, text) in (1..).zip(fs::read_to_string(path).expect("readable").lines()) {
            let code = text.split("//").next().unwrap_or("");
            for (name, homes) in OWNED_CRATES {
                if code.contains(&format!("{name}::")) && !homes.contains(&module.as_str()) {
                    faults.push(format!("{}:{line}: names {name}", relative.display()));
                }
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn the_reader_of_imports_sees_groups() {
    assert_eq!(named_modules("use crate::{model::Record, gpu};"), ["model", "gpu"]);
    assert_eq!(named_modules("use crate::{kernel::{Hit, dot}, text};"), ["kernel", "text"]);
    assert_eq!(named_modules("    crate::server::run(); // crate::cli"), ["server"]);
    let joined = statements("use crate::{\n    model::Record,\n    gpu,\n};\nfn f() {}\n");
    assert_eq!(named_modules(&joined[0].1), ["model", "gpu"]);
    assert_eq!(joined[1], (5, "fn f() {}".to_owned()));
}

/// Every file in `tests/` is listed in the table of contents; a file that is not would never run.
#[test]
fn every_test_file_is_listed() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let contents = fs::read_to_string(dir.join("integration.rs")).expect("readable");
    for entry in fs::read_dir(&dir).expect("a folder").flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if let Some(module) = name.strip_suffix(".rs").filter(|m| *m != "integration") {
            assert!(contents.contains(&format!("mod {module};")), "{name} is not listed");
        }
    }
}
