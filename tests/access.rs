//! Users and tokens from the command line.

use std::fs;
use std::path::Path;

use duijie::model::{Permission, Role};
use duijie::store::Store;
use jiff::Timestamp;
use tempfile::TempDir;

use crate::workspace::{NIGHT, bad, duijie, good, json, said};

const PASSWORD: &str = "一句自己记得住的长话";

fn workspace() -> TempDir {
    let dir = tempfile::tempdir().expect("a folder");
    good(dir.path(), NIGHT, &["init"]);
    dir
}

fn store(workspace: &Path) -> Store {
    Store::open_read_only(&workspace.join("store.db")).expect("opened")
}

fn with_password(workspace: &Path, password: &str, arguments: &[&str]) -> std::process::Output {
    let mut command = duijie(workspace, NIGHT);
    let output =
        command.args(arguments).arg("--password-stdin").write_stdin(format!("{password}\n"));
    output.output().expect("the program starts")
}

#[test]
fn users_are_kept_from_the_command_line() {
    let dir = workspace();
    let here = dir.path();
    assert!(good(here, NIGHT, &["user", "list"]).contains("duijie user add"));
    let add = ["user", "add", "wang", "--role", "broker", "--display-name", "王小明"];
    let output = with_password(here, PASSWORD, &add);
    assert!(output.status.success(), "{}", said(&output));
    assert!(!said(&output).contains(PASSWORD));
    let user = store(here).verify_password("wang", PASSWORD).expect("readable").expect("known");
    assert_eq!((user.role, user.shown_name()), (Role::Broker, "王小明"));

    let again = with_password(here, PASSWORD, &["user", "add", "Wang", "--role", "reader"]);
    assert_eq!(again.status.code(), Some(1));
    assert!(said(&again).contains("store.user_exists") && said(&again).contains("办法"));
    let short = with_password(here, "123", &["user", "add", "li", "--role", "reader"]);
    assert_eq!(short.status.code(), Some(1));
    assert!(said(&short).contains("store.bad_password"), "{}", said(&short));
    let unknown = duijie(here, NIGHT).args(["user", "add", "x", "--role", "chief"]).output();
    assert_eq!(unknown.expect("the program starts").status.code(), Some(2));

    assert!(good(here, NIGHT, &["user", "role", "wang", "office"]).contains("办公室"));
    let listed = json(&good(here, NIGHT, &["user", "list", "--json"]));
    assert_eq!(listed["schema"], "duijie.users/1");
    let first = &listed["users"][0];
    assert_eq!((first["name"].as_str(), first["role"].as_str()), (Some("wang"), Some("office")));
    assert!(!listed.to_string().contains("argon2"), "{listed}");
    let table = good(here, NIGHT, &["user", "list", "--lang", "en"]);
    assert!(table.contains("may log in") && table.contains("王小明"), "{table}");

    let changed = with_password(here, "another password", &["user", "password", "wang"]);
    assert!(changed.status.success(), "{}", said(&changed));
    let verify = |password: &str| store(here).verify_password("wang", password).expect("readable");
    assert!(verify(PASSWORD).is_none() && verify("another password").is_some());
    good(here, NIGHT, &["user", "disable", "wang"]);
    assert!(verify("another password").is_none());
    assert!(good(here, NIGHT, &["user", "list"]).contains("已停用"));
    good(here, NIGHT, &["user", "enable", "WANG"]);
    assert!(verify("another password").is_some());
    let (_, missing) = bad(here, NIGHT, &["user", "disable", "zhang"]);
    assert!(missing.contains("store.unknown_user") && missing.contains("duijie user list"));
}

#[test]
fn tokens_are_shown_once() {
    let dir = workspace();
    let here = dir.path();
    assert!(good(here, NIGHT, &["token", "list"]).contains("duijie token create"));
    let create = [
        "token",
        "create",
        "夜间导入",
        "--role",
        "office",
        "--scopes",
        "read,import,admin",
        "--days",
        "30",
    ];
    let output = duijie(here, NIGHT).args(create).output().expect("the program starts");
    assert!(output.status.success(), "{}", said(&output));
    let secret = String::from_utf8(output.stdout.clone()).expect("UTF-8");
    let hint = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(secret.len(), "dj_\n".len() + 64, "the token alone: {secret}");
    assert!(hint.contains("只显示这一次") && hint.contains("revoke 1"), "{hint}");
    assert!(hint.contains("不允许 admin"), "{hint}");
    let secret = secret.trim();
    let now = Timestamp::from_second(NIGHT).expect("a time");
    let row = store(here).find_token(secret, now).expect("readable").expect("valid");
    assert!(row.may(Permission::Import) && !row.may(Permission::Admin));
    assert_eq!(row.expires_at.as_second(), NIGHT + 30 * 86_400);

    let list = good(here, NIGHT, &["token", "list", "--json"]);
    assert!(!list.contains(secret));
    let list = json(&list);
    assert_eq!(list["schema"], "duijie.tokens/1");
    let state =
        |at: i64| json(&good(here, at, &["token", "list", "--json"]))["tokens"][0]["state"].clone();
    assert_eq!(state(NIGHT), "valid");
    assert_eq!(state(NIGHT + 31 * 86_400), "expired");
    let table = good(here, NIGHT, &["token", "list"]);
    assert!(table.contains("夜间导入") && table.contains("read,import,admin"), "{table}");
    good(here, NIGHT, &["token", "revoke", "1"]);
    assert_eq!(state(NIGHT), "revoked");
    assert!(store(here).find_token(secret, now).expect("readable").is_none());
    let (_, missing) = bad(here, NIGHT, &["token", "revoke", "9"]);
    assert!(missing.contains("store.unknown_token") && missing.contains("duijie token list"));
    let (_, nobody) = bad(here, NIGHT, &["token", "create", "x", "--user", "zhang"]);
    assert!(nobody.contains("store.unknown_user"));

    let output = with_password(here, PASSWORD, &["user", "add", "wang", "--role", "broker"]);
    assert!(output.status.success(), "{}", said(&output));
    let own = good(here, NIGHT, &["token", "create", "脚本", "--role", "admin", "--user", "wang"]);
    let own = store(here).find_token(own.trim(), now).expect("readable").expect("valid");
    assert_eq!(own.role, Role::Broker, "no more than its user");
    good(here, NIGHT, &["user", "disable", "wang"]);
    assert!(good(here, NIGHT, &["token", "list"]).contains("用户已停用"));

    for file in Store::files(&here.join("store.db")) {
        let bytes = fs::read(file).unwrap_or_default();
        assert!(!bytes.windows(secret.len()).any(|window| window == secret.as_bytes()));
    }
    assert!(good(here, NIGHT, &["verify"]).contains("完好"));
}
