//! The workspace as people use it: take lists in, run a night, look, change something, run again.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};

use assert_cmd::Command;
use serde_json::Value;
use tempfile::TempDir;

use crate::pipeline::made;

/// 2026-09-01 08:00 UTC, a night.
pub(crate) const NIGHT: i64 = 1_788_249_600;
const DAY: i64 = 86_400;

/// The program on a workspace, at a time that stands still.
pub(crate) fn duijie(workspace: &Path, at: i64) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_duijie"));
    command
        .current_dir(workspace)
        .env_remove("DUIJIE_LOG")
        .env_remove("DUIJIE_FAILPOINT")
        .env("SOURCE_DATE_EPOCH", at.to_string());
    command
}

pub(crate) fn said(output: &Output) -> String {
    format!(
        "{:?}\n{}\n{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

/// Runs and expects success; returns what stands on stdout.
pub(crate) fn good(workspace: &Path, at: i64, arguments: &[&str]) -> String {
    let output = duijie(workspace, at).args(arguments).output().expect("the program starts");
    assert!(output.status.success(), "{arguments:?}: {}", said(&output));
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// Runs and expects exit code 1; returns stdout and stderr.
pub(crate) fn bad(workspace: &Path, at: i64, arguments: &[&str]) -> (String, String) {
    let output = duijie(workspace, at).args(arguments).output().expect("the program starts");
    assert_eq!(output.status.code(), Some(1), "{arguments:?}: {}", said(&output));
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(!text(&output.stderr).contains("panicked"), "{}", said(&output));
    (text(&output.stdout), text(&output.stderr))
}

pub(crate) fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// Runs a night; neither its summary nor its log may hold a contact.
pub(crate) fn nightly(workspace: &Path, at: i64) -> Value {
    let output = duijie(workspace, at).arg("nightly").output().expect("the program starts");
    assert!(output.status.success(), "{}", said(&output));
    for secret in [made::PERSON, made::TELEPHONE, made::MAIL, made::ADDRESS] {
        assert!(!said(&output).contains(secret), "{secret} stands in {}", said(&output));
    }
    let summary = json(&String::from_utf8_lossy(&output.stdout));
    assert_eq!(summary["ok"], true, "{summary}");
    summary
}

pub(crate) fn status(workspace: &Path, at: i64) -> Value {
    json(&good(workspace, at, &["status", "--json"]))
}

/// A new workspace that does not wait for files, on the processor.
pub(crate) fn new_workspace() -> TempDir {
    let dir = tempfile::tempdir().expect("a folder");
    good(dir.path(), NIGHT, &["init"]);
    let config = "[inbox]\nsettle_secs = 0\n[match]\nbackend = \"cpu\"\ntop = 5\ncandidates = 20\n\
                  depth = 20\nper_demand = 2\nper_supply = 2\n[[broker]]\nname = \"张三\"\nload = 8\n\
                  [[broker]]\nname = \"李四\"\nload = 8\nfields = [\"高端装备\"]\n";
    fs::write(dir.path().join("duijie.toml"), config).expect("the settings are written");
    dir
}

/// The first `demands` and `supplies` of the made lists.
pub(crate) fn put_lists(workspace: &Path, demands: usize, supplies: usize) {
    let (mut rows, mut offers) = (made::demand_rows(), made::supply_rows());
    rows.truncate(demands);
    offers.truncate(supplies);
    made::write_demands(&workspace.join("inbox/demands"), &rows);
    made::write_supplies(&workspace.join("inbox/supplies"), &offers);
}

/// Every file below `dir` with its bytes; what takes time is taken out of the manifest.
pub(crate) fn contents(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    fn walk(dir: &Path, below: &str, into: &mut BTreeMap<String, Vec<u8>>) {
        for entry in fs::read_dir(dir).expect("a folder").flatten() {
            let name = format!("{below}{}", entry.file_name().to_string_lossy());
            if entry.path().is_dir() {
                walk(&entry.path(), &format!("{name}/"), into);
            } else {
                let mut bytes = fs::read(entry.path()).expect("readable");
                if name.ends_with("manifest.json") {
                    let mut value: Value = serde_json::from_slice(&bytes).expect("JSON");
                    value["timings"] = Value::Null;
                    bytes = value.to_string().into_bytes();
                }
                into.insert(name, bytes);
            }
        }
    }
    let mut all = BTreeMap::new();
    walk(dir, "", &mut all);
    all
}

/// The live records as they are exported, in the store's order.
pub(crate) fn exported(workspace: &Path, at: i64) -> Vec<String> {
    let place = tempfile::tempdir().expect("a folder");
    let file = place.path().join("all.jsonl");
    good(workspace, at, &["export", file.to_str().expect("UTF-8"), "--with-contacts"]);
    fs::read_to_string(file).expect("exported").lines().map(str::to_owned).collect()
}

fn run_folder(workspace: &Path, summary: &Value) -> PathBuf {
    workspace.join("runs").join(summary["run"].as_str().expect("a name"))
}

fn news(workspace: &Path, summary: &Value) -> Value {
    let path = run_folder(workspace, summary).join("news.json");
    json(&fs::read_to_string(path).expect("news"))
}

#[test]
fn two_nights_and_what_is_new() {
    let dir = new_workspace();
    let at = dir.path();
    put_lists(at, 8, 10);
    let first = nightly(at, NIGHT);
    assert_eq!(first["run"], "2026-09-01-1");
    assert_eq!(first["generation"], 1);
    assert_eq!(first["inbox"][0]["outcome"], "taken");
    for name in ["lists.xlsx", "report.html", "news.xlsx", "news.html", "matches.jsonl"] {
        assert!(run_folder(at, &first).join(name).is_file(), "{name}");
    }
    let all = news(at, &first);
    let entries = all["entries"].as_array().expect("entries");
    assert!(!entries.is_empty());
    assert!(entries.iter().all(|entry| entry["why"] == serde_json::json!(["first_run"])));
    assert!(fs::read_dir(at.join("inbox/demands")).expect("a folder").next().is_none());
    assert!(at.join("inbox/done/2026-09-01/demands.csv").is_file());

    // A night without anything new is no news, and the same records give the same pairs.
    let second = nightly(at, NIGHT + DAY);
    assert_eq!((&second["run"], &second["generation"]), (&"2026-09-02-1".into(), &2.into()));
    assert_eq!(second["news"]["new"], 0, "{second}");
    assert_eq!(second["news"]["gone"], 0, "{second}");

    // A supply arrives that answers the second topic.
    let supply = serde_json::json!({
        "id": "GJ-NEW", "name": "Ti-6Al-4V叶片激光增材制造成套技术",
        "context": "Ti-6Al-4V叶片激光增材制造，孔隙率0.02%，分区扫描加原位退火，成形后残余应力低，\
                    叶尖不翘曲，疲劳试验合格，已量产。",
        "classification": "高端装备——增材制造", "maturity": "可以量产",
        "organization": "虚构新来研究所", "contact": made::PERSON, "phone": made::TELEPHONE,
    });
    fs::write(at.join("inbox/supplies/new-supply.jsonl"), supply.to_string()).expect("written");
    let third = nightly(at, NIGHT + 4 * DAY);
    assert_eq!(third["missed_nights"], serde_json::json!([["2026-09-03", "2026-09-04"], 2]));
    let fresh = news(at, &third);
    let entries = fresh["entries"].as_array().expect("entries");
    let about: Vec<&Value> = entries.iter().filter(|entry| entry["supply"] == "GJ-NEW").collect();
    assert!(!about.is_empty(), "{fresh}");
    assert!(about.iter().all(|entry| entry["why"] == serde_json::json!(["new_supply"])));
    assert!(
        about.iter().any(|entry| entry["broker"] == "李四"),
        "who knows the field calls: {fresh}"
    );
    assert!(
        fresh["brokers"]
            .as_array()
            .expect("brokers")
            .iter()
            .all(|broker| { broker["load"].as_u64() <= broker["most"].as_u64() })
    );
    let page = fs::read_to_string(run_folder(at, &third).join("news.html")).expect("a page");
    assert!(page.contains("数据截至") && page.contains("运行时间") && page.contains("2026-09-03"));

    // The answer comes back in the night's own workbook form, and the pair is not handed out again.
    let entry = about[0];
    let answer = format!(
        "需求编号,供给编号,反馈,原因\n{},{},不合适,技术不符\n",
        entry["demand_number"].as_str().expect("a number"),
        entry["supply_number"].as_str().expect("a number")
    );
    fs::write(at.join("inbox/answers/反馈.csv"), answer).expect("written");
    let fourth = nightly(at, NIGHT + 5 * DAY);
    assert!(
        fourth["inbox"].as_array().expect("files").iter().any(|file| file["added"] == 1),
        "{fourth}"
    );
    let after = news(at, &fourth);
    let refused = |gone: &Value| {
        gone["demand"] == entry["demand"] && gone["why"] == serde_json::json!(["refused"])
    };
    let was_handed_out = entry["handed_out"] == true;
    assert_eq!(
        after["gone"].as_array().expect("gone").iter().any(refused),
        was_handed_out,
        "{after}"
    );

    let now = status(at, NIGHT + 5 * DAY);
    assert_eq!(now["records"]["demands"]["live"], 8);
    assert_eq!(now["records"]["supplies"]["live"], 11);
    assert_eq!(now["published"]["generation"], 4);
    assert_eq!(now["last_run"]["state"], "published");
    assert_eq!(now["stale"], false);
    assert_eq!(now["trouble"], Value::Null);
    assert_eq!(status(at, NIGHT + 5 * DAY + 36 * 3_600)["stale"], true);
    assert!(
        good(at, NIGHT + 7 * DAY, &["status"]).contains("已超过 36 小时没有成功运行"),
        "what is late is said"
    );

    // The present generation and the two before it are kept.
    let kept: Vec<bool> =
        (1..=4).map(|n| at.join("generations").join(n.to_string()).is_dir()).collect();
    assert_eq!(kept, [false, true, true, true]);
    assert!(good(at, NIGHT + 5 * DAY, &["verify"]).contains("完好"));
    no_contact_anywhere(at);
}

/// Nothing that a person typed as a contact stands in any file but the store and the inbox.
fn no_contact_anywhere(workspace: &Path) {
    for folder in ["runs", "generations", "intakes"] {
        for (name, bytes) in contents(&workspace.join(folder)) {
            let text = String::from_utf8_lossy(&bytes);
            for secret in [made::PERSON, made::TELEPHONE, made::MAIL, made::ADDRESS] {
                assert!(!text.contains(secret), "{folder}/{name} holds {secret}");
            }
        }
    }
}

#[test]
fn import_export_backup_restore() {
    let dir = new_workspace();
    let at = dir.path();
    put_lists(at, 6, 8);
    let (demands, supplies) = ("inbox/demands/demands.csv", "inbox/supplies/supplies.jsonl");
    let told = json(&good(at, NIGHT, &["import", demands, supplies, "--json"]));
    assert_eq!(told["files"][0]["figures"]["new"], 6, "{told}");
    assert_eq!(told["files"][1]["figures"]["new"], 8, "{told}");
    let again = json(&good(at, NIGHT, &["import", demands, "--json"]));
    assert_eq!(again["files"][0]["already_taken"], true);
    assert_eq!(exported(at, NIGHT).len(), 14);

    // A name that does not tell the side is asked about, not guessed.
    fs::copy(at.join(demands), at.join("list.csv")).expect("copied");
    let output = duijie(at, NIGHT).args(["import", "list.csv"]).output().expect("starts");
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));

    // A folder stands for its files; here they were taken in before.
    let folder = ["import", "inbox/demands", "--side", "demand", "--json"];
    let folder = json(&good(at, NIGHT, &folder));
    assert_eq!(folder["files"][0]["already_taken"], true, "{folder}");

    // Contacts: masked unless asked for, guarded against formulas.
    let contacts = "单位名称,联系人,手机,邮箱\n虚构第0研究室,=王小明,13812345678,wang@example.cn\n";
    fs::write(at.join("联系人.csv"), contacts).expect("written");
    let added = json(&good(at, NIGHT, &["import", "--contacts", "联系人.csv", "--json"]));
    assert_eq!(added["files"][0]["added"], 1, "{added}");
    good(at, NIGHT, &["export", "a.csv"]);
    let masked = fs::read_to_string(at.join("a.csv")).expect("exported");
    assert!(!masked.contains(made::PERSON) && !masked.contains(made::MAIL));
    good(at, NIGHT, &["export", "b.csv", "--with-contacts", "--side", "demand"]);
    let plain = fs::read_to_string(at.join("b.csv")).expect("exported");
    assert!(plain.contains(made::TELEPHONE));
    good(at, NIGHT, &["export", "all.xlsx"]);
    assert!(fs::metadata(at.join("all.xlsx")).expect("exported").len() > 5_000);
    good(at, NIGHT, &["export", "all.parquet"]);
    let bytes = fs::read(at.join("all.parquet")).expect("exported");
    assert!(bytes.starts_with(b"PAR1") && bytes.ends_with(b"PAR1"));
    let (_, err) = bad(at, NIGHT, &["export", "x.csv", "--list", "没有"]);
    assert!(err.contains("需求清单"), "what there is stands in the remedy: {err}");

    // A backup brings everything back; what was there is set aside.
    nightly(at, NIGHT);
    good(at, NIGHT, &["backup", "--to", "backups"]);
    let backup = fs::read_dir(at.join("backups")).expect("a folder").flatten().next();
    let backup = backup.expect("one backup").path();
    let before = exported(at, NIGHT);
    fs::write(at.join("inbox/demands/more.csv"), {
        format!("{}\n{}\n", made::DEMAND_HEADINGS, made::demand_rows()[20])
    })
    .expect("written");
    let later = nightly(at, NIGHT + DAY);
    assert_eq!(exported(at, NIGHT).len(), 15);
    good(at, NIGHT + DAY, &["restore", backup.to_str().expect("UTF-8")]);
    assert_eq!(exported(at, NIGHT), before);
    assert!(!run_folder(at, &later).exists(), "a run that the store does not know is set aside");
    assert!(status(at, NIGHT + DAY)["published"].is_null());
    let rebuilt = nightly(at, NIGHT + DAY);
    assert_eq!(rebuilt["records"], serde_json::json!([5, 7]), "one of each has expired");
    assert!(good(at, NIGHT + DAY, &["verify"]).contains("完好"));

    // Results and figures go out too.
    for name in ["pairs.xlsx", "pairs.csv", "pairs.jsonl", "pairs.parquet"] {
        good(at, NIGHT, &["export", name, "--what", "pairs"]);
        assert!(fs::metadata(at.join(name)).expect("exported").len() > 100, "{name}");
    }
    good(at, NIGHT + DAY, &["export", "f.csv", "--what", "figures"]);
    let figures = fs::read_to_string(at.join("f.csv")).expect("exported");
    assert!(
        figures.contains("新增需求,6,条") && figures.contains("现有有效供给,8,条"),
        "{figures}"
    );

    // An altered backup is refused before anything is touched.
    let copy = backup.join("store.db");
    let mut bytes = fs::read(&copy).expect("readable");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&copy, bytes).expect("written");
    let (_, err) = bad(at, NIGHT, &["restore", backup.to_str().expect("UTF-8")]);
    assert!(err.contains("job.bad-backup"), "{err}");
    assert_eq!(exported(at, NIGHT), before);
}

#[test]
fn bad_files_are_set_aside_and_stop_nobody() {
    let dir = new_workspace();
    let at = dir.path();
    put_lists(at, 4, 5);
    fs::write(at.join("inbox/demands/坏.xlsx"), b"PK\x03\x04 not a workbook").expect("written");
    fs::write(at.join("inbox/demands/~$open.xlsx"), "lock").expect("written");
    fs::write(at.join("inbox/supplies/half.csv.part"), "名称").expect("written");
    fs::write(at.join("inbox/answers/没有列.csv"), "a,b\n1,2\n").expect("written");
    // One row is classified: its content must be found nowhere.
    fs::write(
        at.join("inbox/demands/密.csv"),
        format!(
            "技术需求名称,技术需求详情,密级\n{}隔振基座,{},机密\n普通需求一,需要真空炉改造，温度均匀,\n\
             普通需求二,需要新的除尘装置，效率高,\n普通需求三,需要苹果分级装备，少损伤,\n\
             普通需求四,需要羊乳脱膻工艺，低温,\n普通需求五,需要污泥干化装备，低能耗,\n",
            made::CLASSIFIED,
            made::CLASSIFIED
        ),
    )
    .expect("written");
    // One row names nothing: it goes back to its sender, the others are taken.
    fs::write(
        at.join("inbox/demands/缺.csv"),
        "技术需求名称,技术需求详情,投入资金(万元)\n真空炉改造甲,炉温均匀性要提高,10\n\
         真空炉改造乙,要缩短抽气时间,10\n真空炉改造丙,要换加热体,10\n真空炉改造丁,要改控制系统,10\n\
         真空炉改造戊,要加装冷却风机,10\n,,50\n",
    )
    .expect("written");
    let summary = nightly(at, NIGHT);
    let files = summary["inbox"].as_array().expect("files");
    let returned = files.iter().find(|file| file["file"] == "demands/缺.csv");
    let returned = returned.and_then(|file| file["returned"].as_str());
    assert_eq!(returned, Some("inbox/returned/2026-09-01/缺.csv-退回修改.xlsx"), "{summary}");
    assert!(at.join(returned.unwrap_or_default()).is_file());
    let outcome = |name: &str| {
        let file =
            files.iter().find(|file| file["file"].as_str().is_some_and(|f| f.ends_with(name)));
        file.unwrap_or_else(|| panic!("{name}: {summary}"))["outcome"].clone()
    };
    assert_eq!(outcome("坏.xlsx"), "refused");
    assert_eq!(outcome("没有列.csv"), "refused");
    assert_eq!(outcome("密.csv"), "taken");
    assert!(at.join("inbox/refused/坏.xlsx").is_file());
    let reason = fs::read_to_string(at.join("inbox/refused/坏.xlsx.txt")).expect("a reason");
    assert!(reason.contains("办法："), "{reason}");
    assert!(at.join("inbox/demands/~$open.xlsx").is_file());
    assert!(at.join("inbox/supplies/half.csv.part").is_file());
    assert!(!summary.to_string().contains(made::CLASSIFIED));
    for folder in ["runs", "generations", "intakes"] {
        for (name, bytes) in contents(&at.join(folder)) {
            let text = String::from_utf8_lossy(&bytes);
            assert!(!text.contains(made::CLASSIFIED), "{folder}/{name}");
        }
    }
    // A file of the same name never replaces one that was taken before.
    put_lists(at, 5, 5);
    nightly(at, NIGHT);
    assert!(at.join("inbox/done/2026-09-01/demands.csv").is_file());
    assert!(at.join("inbox/done/2026-09-01/demands-2.csv").is_file());
}

#[test]
fn a_failing_night_tells_everybody_and_leaves_what_is_published() {
    let dir = new_workspace();
    let at = dir.path();
    // Nothing to match yet: the owner's command hears of it, without the key.
    let command = "env > told.txt";
    let output = duijie(at, NIGHT)
        .args(["nightly", "--on-failure", command])
        .env("DUIJIE_API_KEY", "sk-secret-4711")
        .output()
        .expect("starts");
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    let summary = json(&String::from_utf8_lossy(&output.stdout));
    assert_eq!((&summary["ok"], &summary["code"]), (&false.into(), &"job.nothing-to-match".into()));
    let told = fs::read_to_string(at.join("told.txt")).expect("the command ran");
    assert!(told.contains("DUIJIE_CODE=job.nothing-to-match") && told.contains("DUIJIE_REMEDY="));
    assert!(!told.contains("sk-secret-4711"));
    // The log is lines of JSON where stderr is no terminal.
    let log = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!log.is_empty());
    for line in log.lines() {
        assert!(json(line)["level"].is_string(), "{line}");
    }
    assert!(!log.contains("sk-secret-4711"));

    put_lists(at, 4, 5);
    let plan = json(&good(at, NIGHT, &["nightly", "--dry-run"]));
    assert_eq!(plan["inbox"][0]["records"], 4, "{plan}");
    assert!(at.join("inbox/demands/demands.csv").is_file(), "a dry run takes nothing");
    assert!(!at.join("CURRENT").exists());
    nightly(at, NIGHT);

    // The clock went back: the later date is kept, and it is said.
    let back = nightly(at, NIGHT - 400 * DAY);
    assert_eq!(back["as_of"], "2026-09-01");
    assert!(back["warnings"].to_string().contains("clock-went-back"), "{back}");
    let early = json(&good(at, NIGHT, &["nightly", "--as-of", "2026-08-01"]));
    assert_eq!(early["as_of"], "2026-08-01", "what is asked for counts");

    // Settings that are wrong are named before anything is done.
    fs::write(at.join("duijie.toml"), "[match]\nembeder = \"x\"\n").expect("written");
    let (out, _) = bad(at, NIGHT, &["nightly"]);
    assert!(out.contains("config.unknown-key") && out.contains("match.embeder"), "{out}");
}

#[test]
fn damage_is_found_and_mended() {
    let dir = new_workspace();
    let at = dir.path();
    put_lists(at, 4, 5);
    let first = nightly(at, NIGHT);
    // Any bit of any file: one flipped in each of them, one after another.
    let generation = at.join("generations/1");
    let names: Vec<String> = contents(&generation).into_keys().collect();
    assert!(names.len() > 5, "{names:?}");
    let mut files: Vec<PathBuf> = names.iter().map(|name| generation.join(name)).collect();
    let run = run_folder(at, &first);
    files.push(run.join("lists.xlsx"));
    files.push(run.join("manifest.json"));
    for path in files.iter().filter(|path| fs::metadata(path).is_ok_and(|f| f.len() > 0)) {
        let sound = fs::read(path).expect("readable");
        let mut flipped = sound.clone();
        flipped[sound.len() / 2] ^= 4;
        fs::write(path, flipped).expect("written");
        let (out, _) = bad(at, NIGHT, &["verify"]);
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        assert!(out.contains(&name), "{name}: {out}");
        fs::write(path, sound).expect("written");
    }
    good(at, NIGHT, &["verify"]);

    // A corrupt index is rebuilt from the store, and gives what a sound one would.
    let index = files.iter().max_by_key(|path| fs::metadata(path).map_or(0, |f| f.len()));
    let index = index.expect("a file");
    fs::write(index, b"torn").expect("written");
    let status_now = status(at, NIGHT);
    assert!(status_now["trouble"].is_string(), "{status_now}");
    let rebuilt = nightly(at, NIGHT);
    assert!(rebuilt["warnings"].to_string().contains("generation-damaged"), "{rebuilt}");
    let pairs = |summary: &Value| fs::read(run_folder(at, summary).join("matches.jsonl"));
    assert_eq!(pairs(&first).expect("pairs"), pairs(&rebuilt).expect("pairs"));
    assert_eq!(rebuilt["news"]["new"], 0);
    assert_eq!(status(at, NIGHT)["trouble"], Value::Null);

    // A pointer that is torn is made again; one of a newer version is refused by name.
    let pointer = fs::read_to_string(at.join("CURRENT")).expect("a pointer");
    fs::write(at.join("CURRENT"), &pointer[..pointer.len() / 2]).expect("written");
    let again = nightly(at, NIGHT);
    assert!(again["warnings"].to_string().contains("current-damaged"), "{again}");
    let newer = pointer.replace("duijie.current/1", "duijie.current/9");
    fs::write(at.join("CURRENT"), newer).expect("written");
    let (out, _) = bad(at, NIGHT, &["nightly"]);
    assert!(out.contains("duijie.current/9"), "{out}");
    fs::write(at.join("CURRENT"), pointer).expect("written");

    // A corrupt store stops the night and points to restore.
    let store = at.join("store.db");
    let mut bytes = fs::read(&store).expect("readable");
    for byte in bytes.iter_mut().skip(4_096).take(20_000) {
        *byte ^= 0x5a;
    }
    fs::write(&store, bytes).expect("written");
    for name in ["store.db-wal", "store.db-shm"] {
        fs::remove_file(at.join(name)).ok();
    }
    let (out, _) = bad(at, NIGHT, &["nightly"]);
    assert!(out.contains("store.corrupt") && out.contains("duijie restore"), "{out}");
}

#[test]
fn one_builder_at_a_time() {
    let dir = new_workspace();
    let at = dir.path();
    put_lists(at, 8, 10);
    let night = || {
        std::process::Command::new(env!("CARGO_BIN_EXE_duijie"))
            .current_dir(at)
            .arg("nightly")
            .env("SOURCE_DATE_EPOCH", NIGHT.to_string())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("starts")
    };
    let both = [night(), night()].map(|child| child.wait_with_output().expect("ends"));
    let codes: Vec<_> = both.iter().map(|output| output.status.code()).collect();
    // Both may succeed one after the other; never may both have built at once.
    let built = codes.iter().filter(|code| **code == Some(0)).count();
    assert!(built >= 1, "{}\n{}", said(&both[0]), said(&both[1]));
    for output in &both {
        if output.status.code() != Some(0) {
            let summary = json(&String::from_utf8_lossy(&output.stdout));
            assert_eq!(summary["code"], "job.locked", "{summary}");
        }
    }
    let runs = fs::read_dir(at.join("runs")).expect("a folder").count();
    assert_eq!(runs, built, "every success is one run, no failure left any");
    assert!(good(at, NIGHT, &["verify"]).contains("完好"));

    // A process that holds the lock is named; once it is killed the lock is free.
    let mut holder = std::process::Command::new(env!("CARGO_BIN_EXE_duijie"))
        .current_dir(at)
        .arg("nightly")
        .env("SOURCE_DATE_EPOCH", NIGHT.to_string())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("starts");
    let note = at.join("lock.holder");
    let began = std::time::Instant::now();
    while !note.exists() && began.elapsed().as_secs() < 60 {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    let (_, err) =
        bad(at, NIGHT, &["import", "inbox/done/2026-09-01/demands.csv", "--side", "demand"]);
    assert!(err.contains("job.locked") && err.contains(&holder.id().to_string()), "{err}");
    holder.kill().expect("killed");
    holder.wait().expect("ended");
    assert!(note.exists(), "the dead process left its note");
    let after = nightly(at, NIGHT + DAY);
    assert!(after["warnings"].to_string().contains("dead-builder"), "{after}");
}
