//! `duijie model`: lists, gets and checks the models that make vectors.

use std::fs;
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};

use super::arguments::{
    ModelArguments, ModelCheckArguments, ModelCommand, ModelHomeArguments, ModelListArguments,
    ModelPullArguments,
};
use super::outcome::Failure;
use super::{CommandResult, table};
use crate::embed::{
    Embedder, HashOrigin, PullOptions, StaticModel, TextRole, TransformerModel, known_models,
    open_dir, pull, verify,
};
use crate::model::Lang;

/// Attempts in a row that bring nothing: with pauses of 1, 2, 4 and 8 seconds a short outage of a
/// network is bridged.
const ATTEMPTS: u32 = 5;

/// Two sentences on one matter, for a first look at what a model finds near.
const SAMPLE: [&str; 2] = ["碳化硅衬底切片时崩边", "SiC晶圆的低损伤切割方法"];

pub(super) fn run(arguments: &ModelArguments, lang: Lang) -> CommandResult {
    match &arguments.command {
        ModelCommand::List(options) => list(options, lang),
        ModelCommand::Pull(options) => get(options, lang),
        ModelCommand::Check(options) => check(options, lang),
    }
}

/// The folder of all models: as given, or in this platform's place for data of programs.
fn home(arguments: &ModelHomeArguments, lang: Lang) -> Result<PathBuf, Failure> {
    if let Some(home) = &arguments.home {
        return Ok(home.clone());
    }
    let variable = |name: &str| std::env::var_os(name).filter(|v| !v.is_empty()).map(PathBuf::from);
    let data = if cfg!(windows) {
        variable("LOCALAPPDATA")
    } else if cfg!(target_os = "macos") {
        variable("HOME").map(|home| home.join("Library/Application Support"))
    } else {
        variable("XDG_DATA_HOME").or_else(|| variable("HOME").map(|home| home.join(".local/share")))
    };
    data.map(|data| data.join("duijie/models")).ok_or_else(|| {
        Failure::usage(
            lang.pick("不知道模型放在哪里：没有设置 HOME", "no place for models: HOME is not set"),
            lang.pick("用 --home 给出目录。", "Give a folder with --home."),
        )
    })
}

fn list(arguments: &ModelListArguments, lang: Lang) -> CommandResult {
    let home = home(&arguments.home, lang)?;
    let builtin = StaticModel::builtin()?;
    let mut here: Vec<String> = Vec::new();
    // A home that does not exist holds no models.
    for entry in fs::read_dir(&home).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.path().join("config.json").is_file() && !name.starts_with('.') {
            here.push(name);
        }
    }
    here.sort();
    let known = known_models();
    let mut out = std::io::stdout().lock();
    if arguments.json {
        let known: Vec<Value> = known
            .iter()
            .map(|model| {
                json!({
                    "name": model.name,
                    "repository": model.repository,
                    "licence": model.licence,
                    "here": here.contains(&model.name),
                })
            })
            .collect();
        let identity = builtin.identity();
        let builtin =
            json!({ "name": identity.name, "sha256": identity.sha256, "dim": identity.dim });
        let all = json!({ "home": home, "builtin": builtin, "here": here, "known": known });
        writeln!(out, "{all}")?;
        return Ok(());
    }
    let mut rows = vec![vec![
        "builtin".to_owned(),
        lang.pick("内置", "built in").to_owned(),
        format!("{}, {}", builtin.identity().name, builtin.identity().dim),
    ]];
    for name in &here {
        let place = home.join(name).display().to_string();
        rows.push(vec![name.clone(), lang.pick("已取得", "here").to_owned(), place]);
    }
    for model in known.iter().filter(|model| !here.contains(&model.name)) {
        let about = lang.pick(&model.about_zh, &model.about_en);
        let about = format!("{about}; {} ({})", model.repository, model.licence);
        rows.push(vec![model.name.clone(), lang.pick("可取得", "can be pulled").to_owned(), about]);
    }
    write!(out, "{}", table::lines_up(&rows))?;
    writeln!(out, "{}{}", lang.pick("模型目录：", "folder of models: "), home.display())?;
    Ok(())
}

fn get(arguments: &ModelPullArguments, lang: Lang) -> CommandResult {
    let home = home(&arguments.home, lang)?;
    let options = PullOptions {
        name: &arguments.name,
        from: arguments.from.clone(),
        home: &home,
        attempts: ATTEMPTS,
        pause: Duration::from_secs(1),
    };
    let bar = Mutex::new((String::new(), None));
    let done = pull(&options, &|file, come, total| {
        if std::io::stderr().is_terminal() {
            show(&bar, file, come, total);
        }
    })?;
    let mut out = std::io::stdout().lock();
    let origin = |origin| match origin {
        HashOrigin::Known => "known",
        HashOrigin::Source => "source",
        HashOrigin::Recorded => "recorded",
    };
    if arguments.json {
        let files: Vec<Value> = done
            .files
            .iter()
            .map(|file| {
                json!({
                    "path": file.path,
                    "size": file.size,
                    "sha256": file.sha256,
                    "hash": origin(file.origin),
                })
            })
            .collect();
        let fetched = !files.is_empty();
        let all = json!({ "directory": done.directory, "fetched": fetched, "files": files });
        writeln!(out, "{all}")?;
        return Ok(());
    }
    if done.files.is_empty() {
        let text = lang.pick("已在本机，哈希无误：", "already here, hashes are right: ");
        writeln!(out, "{text}{}", done.directory.display())?;
    } else {
        let rows: Vec<Vec<String>> = done
            .files
            .iter()
            .map(|file| {
                let origin = match file.origin {
                    HashOrigin::Known => lang.pick("与已知哈希相符", "hash as known"),
                    HashOrigin::Source => lang.pick("与来源的哈希相符", "hash as the source says"),
                    HashOrigin::Recorded => {
                        lang.pick("哈希已记录，以后据此核对", "hash recorded, verified from now on")
                    }
                };
                vec![file.path.clone(), file.size.to_string(), origin.to_owned()]
            })
            .collect();
        write!(out, "{}", table::lines_up(&rows))?;
        writeln!(out, "{}{}", lang.pick("已存入 ", "stored in "), done.directory.display())?;
    }
    let directory = done.directory.display();
    writeln!(out, "{}duijie model check {directory}", lang.pick("核对：", "check: "))?;
    let usage = lang.pick("使用：duijie match … --embedder ", "use: duijie match … --embedder ");
    writeln!(out, "{usage}{directory}")?;
    Ok(())
}

/// Moves the bar of the current file.
fn show(bar: &Mutex<(String, Option<ProgressBar>)>, file: &str, come: u64, total: Option<u64>) {
    // A poisoned lock only means that a bar may look odd.
    let mut bar = bar.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    if bar.0 != file {
        let new = total.map_or_else(ProgressBar::new_spinner, ProgressBar::new);
        if let Ok(style) =
            ProgressStyle::with_template("{prefix} {bar:30} {bytes}/{total_bytes} {bytes_per_sec}")
        {
            new.set_style(style);
        }
        new.set_prefix(file.to_owned());
        *bar = (file.to_owned(), Some(new));
    }
    if let Some(bar) = &bar.1 {
        bar.set_position(come);
        if Some(come) == total {
            bar.finish();
        }
    }
}

/// What a check found, besides the identity.
struct Facts {
    kind: &'static str,
    window: Option<usize>,
    pooling: Option<(&'static str, bool)>,
    query: String,
    document: String,
    lower_case: bool,
}

fn facts(directory: &Path) -> Result<(Box<dyn Embedder>, Facts), Failure> {
    match TransformerModel::from_dir(directory) {
        Ok(model) => {
            let settings = model.settings();
            let facts = Facts {
                kind: settings.architecture.name(),
                window: Some(settings.window),
                pooling: Some((settings.pooling.name(), settings.pooling_assumed)),
                query: settings.query_instruction.clone(),
                document: settings.document_instruction.clone(),
                lower_case: settings.lower_case,
            };
            Ok((Box::new(model), facts))
        }
        // Either a static model, or a folder of which `open_dir` says what is wrong.
        Err(_) => {
            let facts = Facts {
                kind: "static",
                window: None,
                pooling: None,
                query: String::new(),
                document: String::new(),
                lower_case: false,
            };
            Ok((open_dir(directory)?, facts))
        }
    }
}

fn check(arguments: &ModelCheckArguments, lang: Lang) -> CommandResult {
    let verified = verify(&arguments.dir)?;
    let began = Instant::now();
    let (model, facts) = facts(&arguments.dir)?;
    let opened = began.elapsed();
    let vectors = model.embed(&SAMPLE, TextRole::Document)?;
    let cosine: f32 = vectors.row(0).iter().zip(vectors.row(1)).map(|(a, b)| a * b).sum();
    let identity = model.identity();
    let mut out = std::io::stdout().lock();
    if arguments.json {
        let all = json!({
            "name": identity.name,
            "sha256": identity.sha256,
            "dim": identity.dim,
            "architecture": facts.kind,
            "window": facts.window,
            "pooling": facts.pooling.map(|(name, _)| name),
            "pooling_assumed": facts.pooling.map(|(_, assumed)| assumed),
            "query_instruction": facts.query,
            "document_instruction": facts.document,
            "lower_case": facts.lower_case,
            "verified_files": verified,
            "opened_ms": opened.as_millis(),
            "sample": SAMPLE,
            "sample_cosine": cosine,
        });
        writeln!(out, "{all}")?;
        return Ok(());
    }
    let none = lang.pick("（无）", "(none)");
    let shown = |text: &str| if text.is_empty() { none.to_owned() } else { format!("{text:?}") };
    let mut rows = vec![
        (lang.pick("名称", "name"), identity.name.clone()),
        (lang.pick("结构", "architecture"), facts.kind.to_owned()),
        (lang.pick("维数", "dimension"), identity.dim.to_string()),
    ];
    if let (Some(window), Some((pooling, assumed))) = (facts.window, facts.pooling) {
        let note = lang.pick("（文件未写明，按结构推定）", " (assumed, no file states it)");
        let pooling = format!("{pooling}{}", if assumed { note } else { "" });
        rows.push((lang.pick("窗口（词元）", "window (tokens)"), window.to_string()));
        rows.push((lang.pick("汇聚", "pooling"), pooling));
        rows.push((lang.pick("提问指令", "query instruction"), shown(&facts.query)));
        rows.push((lang.pick("文档指令", "document instruction"), shown(&facts.document)));
        let lowered =
            if facts.lower_case { lang.pick("是", "yes") } else { lang.pick("否", "no") };
        rows.push((lang.pick("先转小写", "lowered first"), lowered.to_owned()));
    }
    rows.push((lang.pick("标识", "identity"), identity.sha256.clone()));
    let hashes = match &verified {
        Some(files) => {
            format!(
                "{} {}",
                files.len(),
                lang.pick("个文件与 SHA256SUMS 相符", "files are as SHA256SUMS says")
            )
        }
        None => lang.pick("没有 SHA256SUMS，未核对", "no SHA256SUMS, not verified").to_owned(),
    };
    rows.push((lang.pick("哈希", "hashes"), hashes));
    rows.push((lang.pick("载入", "opened in"), format!("{} ms", opened.as_millis())));
    let sample = format!("{cosine:.3}  {} / {}", SAMPLE[0], SAMPLE[1]);
    rows.push((lang.pick("两句的余弦", "cosine of two"), sample));
    let rows: Vec<Vec<String>> =
        rows.into_iter().map(|(name, value)| vec![name.to_owned(), value]).collect();
    write!(out, "{}", table::lines_up(&rows))?;
    Ok(())
}
