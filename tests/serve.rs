//! The server from outside: over its sockets, as programs and browsers speak to it.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::OnceLock;
use std::time::Duration;

use duijie::job::{NightlyOptions, Surroundings, Workspace, nightly};
use duijie::model::{Permission, Role, Side};
use duijie::pipeline::Silent;
use duijie::server::{Running, ServeOptions, openapi_json, serve};
use duijie::store::{NewToken, NewUser, Scope, Seq};
use jiff::{SignedDuration, Timestamp, Zoned};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::workspace::good;

/// An answer of the server.
struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Answer {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|e| panic!("{e}: {}", self.text()))
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The value of a cookie that is set.
    fn cookie(&self, name: &str) -> Option<String> {
        let all = self.headers.iter().filter(|(key, _)| key == "set-cookie");
        all.filter_map(|(_, value)| value.split(';').next()?.strip_prefix(name)?.strip_prefix('='))
            .map(str::to_owned)
            .next()
    }
}

/// Sends bytes as they are and reads until the server closes the connection.
fn send(address: SocketAddr, bytes: &[u8]) -> Answer {
    let mut stream = TcpStream::connect(address).expect("the server listens");
    stream.set_read_timeout(Some(Duration::from_secs(60))).expect("a time-out");
    // A server that refuses a body early may close before all of it is sent.
    stream.write_all(bytes).ok();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).ok();
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n").unwrap_or(answer.len());
    let head = String::from_utf8_lossy(&answer[..end]).into_owned();
    let mut lines = head.lines();
    let status = lines.next().and_then(|line| line.split(' ').nth(1)?.parse().ok()).unwrap_or(0);
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_lowercase(), value.trim().to_owned()))
        .collect();
    let body = answer.get(end + 4..).unwrap_or_default().to_vec();
    let is_chunked =
        headers.iter().any(|(name, value)| name == "transfer-encoding" && value == "chunked");
    Answer { status, headers, body: if is_chunked { unchunked(&body) } else { body } }
}

fn unchunked(mut rest: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    while let Some(end) = rest.windows(2).position(|two| two == b"\r\n") {
        let size = usize::from_str_radix(&String::from_utf8_lossy(&rest[..end]), 16).unwrap_or(0);
        if size == 0 {
            break;
        }
        body.extend_from_slice(&rest[end + 2..end + 2 + size]);
        rest = &rest[end + 2 + size + 2..];
    }
    body
}

/// A server over a workspace with the sample, whose records have all three visibilities.
struct Served {
    _folder: TempDir,
    workspace: Workspace,
    running: Running,
    /// Tokens by role, with all scopes.
    tokens: [String; 4],
    /// A record of each visibility by side: public, anonymous, internal.
    ids: [[String; 3]; 2],
}

const PASSWORD: &str = "correct horse battery";

fn around() -> Surroundings {
    Surroundings { started_at: Zoned::now(), fixed: false, key: None, vector_cache: None }
}

impl Served {
    fn new(options: ServeOptions) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let at = Timestamp::now().as_second();
        good(folder.path(), at, &["init"]);
        let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus/sample");
        for (side, file) in [("demand", "demands.xlsx"), ("supply", "supplies.xlsx")] {
            let file = sample.join(file).display().to_string();
            good(folder.path(), at, &["import", "--side", side, &file]);
        }
        hidden_rows(folder.path(), at);
        good(folder.path(), at, &["nightly"]);
        let workspace = Workspace::open(folder.path()).expect("a workspace");
        let mut store = workspace.store(Timestamp::now()).expect("a store");
        let now = Timestamp::now();
        let tokens = Role::ALL.map(|role| {
            let expires_at = now + SignedDuration::from_hours(24);
            let token = NewToken {
                label: role.word(),
                role,
                scopes: &Permission::ALL,
                expires_at,
                user: None,
            };
            store.create_token(&token, now).expect("a token").1.expose().to_owned()
        });
        let user = NewUser { name: "wang", display_name: "王", role: Role::Broker, broker: None };
        store.add_user(&user, PASSWORD, now).expect("a user");
        let ids = [Side::Demand, Side::Supply].map(|side| {
            let day = Zoned::now().date();
            let live = store.live(side, &Scope::All, Seq(i64::MAX), day).expect("records").records;
            use duijie::model::Visibility::{Anonymous, Internal, Public};
            [Public, Anonymous, Internal].map(|wanted| {
                let found = live.iter().find(|record| {
                    record.visibility == wanted
                        && (wanted == Public || record.title.contains("保密"))
                });
                found.expect("one of each").id.0.clone()
            })
        });
        drop(store);
        let running = serve(workspace.clone(), around(), options).expect("it starts");
        Self { _folder: folder, workspace, running, tokens, ids }
    }

    /// One that tests which change nothing share.
    fn shared() -> &'static Self {
        static SHARED: OnceLock<Served> = OnceLock::new();
        SHARED.get_or_init(|| Self::new(options()))
    }

    fn token(&self, role: Role) -> &str {
        &self.tokens[role as usize]
    }

    fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        let address = self.running.address;
        let mut head =
            format!("{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n");
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        if !body.is_empty() || method == "POST" {
            head.push_str(&format!("Content-Length: {}\r\n", body.len()));
        }
        head.push_str("\r\n");
        send(address, &[head.as_bytes(), body].concat())
    }

    fn get(&self, path: &str, role: Role) -> Answer {
        let bearer = format!("Bearer {}", self.token(role));
        self.ask("GET", path, &[("Authorization", &bearer)], b"")
    }

    fn post(&self, path: &str, role: Role, body: &Value) -> Answer {
        let bearer = format!("Bearer {}", self.token(role));
        let headers = [("Authorization", bearer.as_str()), ("Content-Type", "application/json")];
        self.ask("POST", path, &headers, body.to_string().as_bytes())
    }

    /// Signs in; returns the session's cookie.
    fn sign_in(&self) -> String {
        let form = format!("name=wang&password={}", PASSWORD.replace(' ', "+"));
        let kind = ("Content-Type", "application/x-www-form-urlencoded");
        let answer = self.ask("POST", "/login", &[kind], form.as_bytes());
        assert_eq!(answer.status, 303, "{}", answer.text());
        let secret = answer.cookie("duijie_session").expect("a session");
        format!("duijie_session={secret}")
    }

    fn page(&self, path: &str, cookie: &str) -> Answer {
        self.ask("GET", path, &[("Cookie", cookie)], b"")
    }
}

fn options() -> ServeOptions {
    ServeOptions {
        bind: "127.0.0.1:0".parse().expect("an address"),
        rate: 10_000,
        look_every: Duration::from_millis(100),
        ..ServeOptions::default()
    }
}

/// Adds rows that are not public, and what must not come through unescaped.
fn hidden_rows(workspace: &Path, at: i64) {
    let rows = [
        ("demand", "保密需求清单.csv", "需求名称", "需求描述", "需求单位"),
        ("supply", "保密成果清单.csv", "成果名称", "成果简介", "成果单位"),
    ];
    for (side, file, title, body, owner) in rows {
        let path = workspace.join(file);
        let text = format!(
            "编号,{title},{body},{owner},公开范围,联系人,电话\n\
             N1,保密甲：激光焊缝在线检测,需要在线检测激光焊缝的气孔和裂纹，由渭北秘而不宣厂提出,渭北秘而不宣厂,匿名,钱某某,13912345678\n\
             N2,保密乙：激光焊缝在线检测,需要在线检测激光焊缝的气孔和裂纹,泾河守口如瓶厂,内部,孙某某,13812345678\n\
             N3,<script>alert(1)</script>焊缝检测,\"=HYPERLINK(\"\"http://evil\"\")焊缝 <img src=x onerror=alert(1)> 检测激光气孔\",公开厂,公开,李某某,13712345678\n"
        );
        std::fs::write(&path, text).expect("write");
        good(workspace, at, &["import", "--side", side, "--list", "保密", file]);
    }
}

#[test]
fn health_needs_nobody_and_all_else_somebody() {
    let served = Served::shared();
    assert_eq!(served.ask("GET", "/healthz", &[], b"").text(), "ok\n");
    assert_eq!(served.ask("GET", "/readyz", &[], b"").status, 200);
    assert!(served.ask("GET", "/metrics", &[], b"").text().contains("duijie_http_requests_total"));
    for path in ["/api/v1/me", "/api/v1/search?side=demand", "/api/v1/runs/current"] {
        let answer = served.ask("GET", path, &[], b"");
        assert_eq!(answer.status, 401, "{path}");
        assert_eq!(answer.header("content-type"), Some("application/problem+json"));
    }
    for wrong in ["Bearer nonsense", "Bearer dj_00", "Basic abc", "Bearer "] {
        let answer = served.ask("GET", "/api/v1/me", &[("Authorization", wrong)], b"");
        assert_eq!(answer.status, 401, "{wrong}");
    }
    let answer = served.ask("GET", "/search", &[], b"");
    assert_eq!(answer.status, 303);
    assert_eq!(answer.header("location"), Some("/login?back=%2Fsearch"));
    assert_eq!(served.get("/api/v1/me", Role::Office).json()["role"], "office");
}

#[test]
fn a_broker_searches_matches_and_reads_why() {
    let served = Served::shared();
    let found = served.get("/api/v1/search?side=supply&q=%E6%A3%80%E6%B5%8B&limit=5", Role::Broker);
    assert_eq!(found.status, 200, "{}", found.text());
    let found = found.json();
    assert_eq!(found["records"].as_array().expect("records").len(), 5);
    let next = found["next"].as_str().expect("more");
    let path = format!("/api/v1/search?side=supply&q=%E6%A3%80%E6%B5%8B&limit=5&after={next}");
    let more = served.get(&path, Role::Broker).json();
    assert_ne!(more["records"][0]["id"], found["records"][0]["id"]);
    assert_eq!(more["found"], found["found"]);

    let id = &served.ids[0][0];
    let record = served.get(&format!("/api/v1/demands/{id}"), Role::Broker).json();
    assert_eq!(&record["id"], id);
    let matches = served.get(&format!("/api/v1/demands/{id}/matches"), Role::Broker).json();
    let best = &matches["matches"][0];
    assert_eq!(best["rank"], 1);
    let supply = best["supply_id"].as_str().expect("an id");
    let pair =
        served.get(&format!("/api/v1/pairs?demand={id}&supply={supply}"), Role::Broker).json();
    let sum: f64 = pair["parts"]
        .as_array()
        .expect("parts")
        .iter()
        .filter_map(|part| part["contribution"].as_f64())
        .sum();
    assert!((sum - pair["score_for_demand"].as_f64().expect("a score")).abs() < 1e-9);

    let text = json!({"side": "demand", "text": format!("{}\n{}", record["title"].as_str().unwrap(), record["body"].as_str().unwrap())});
    let answer = served.post("/api/v1/match", Role::Reader, &text);
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.json()["pairs"].as_array().expect("pairs").len(), 10);
}

#[test]
fn what_is_unknown_or_malformed_is_told() {
    let served = Served::shared();
    for (path, status) in [
        ("/api/v1/search", 400),
        ("/api/v1/search?side=neither", 400),
        ("/api/v1/search?side=demand&colour=red", 400),
        ("/api/v1/search?side=demand&side=supply", 400),
        ("/api/v1/search?side=demand&limit=0", 400),
        ("/api/v1/search?side=demand&limit=101", 400),
        ("/api/v1/search?side=demand&limit=-1", 400),
        ("/api/v1/search?side=demand&after=nonsense", 400),
        ("/api/v1/search?side=demand&from=2026-13-01", 400),
        ("/api/v1/search?side=demand&q=%FF%FE", 400),
        ("/api/v1/demands/nobody", 404),
        ("/api/v1/demands/..%2F..%2Fetc%2Fpasswd", 404),
        ("/api/v1/pairs?demand=a", 400),
        ("/api/v1/nothing", 404),
        ("/api/v1/organizations?name=%E6%97%A0", 404),
    ] {
        let answer = served.get(path, Role::Admin);
        assert_eq!(answer.status, status, "{path}: {}", answer.text());
        let problem = answer.json();
        assert_eq!(problem["status"], status, "{path}");
        assert!(problem["remedy"].as_str().is_some_and(|text| !text.is_empty()), "{path}");
    }
    for body in [
        "",
        "{",
        "[]",
        "{\"side\":\"demand\"}",
        "{\"side\":\"demand\",\"text\":\"a\",\"x\":1}",
        "{\"side\":\"demand\",\"text\":\"\\ud800\"}",
    ] {
        let bearer = format!("Bearer {}", served.token(Role::Admin));
        let headers = [("Authorization", bearer.as_str()), ("Content-Type", "application/json")];
        let answer = served.ask("POST", "/api/v1/match", &headers, body.as_bytes());
        assert_eq!(answer.status, 400, "{body}: {}", answer.text());
    }
    let deep =
        format!("{{\"side\":\"demand\",\"text\":{}1{}}}", "[".repeat(10_000), "]".repeat(10_000));
    let bearer = format!("Bearer {}", served.token(Role::Admin));
    let headers = [("Authorization", bearer.as_str()), ("Content-Type", "application/json")];
    assert_eq!(served.ask("POST", "/api/v1/match", &headers, deep.as_bytes()).status, 400);
    let big = vec![b'a'; 3 << 20];
    assert_eq!(served.ask("POST", "/api/v1/match", &headers, &big).status, 413);
    let plain = [("Authorization", bearer.as_str())];
    assert_eq!(served.ask("POST", "/api/v1/match", &plain, b"{}").status, 415);
    assert_eq!(served.ask("DELETE", "/api/v1/search", &plain, b"").status, 405);
}

#[test]
fn foreign_hosts_and_pages_are_refused() {
    let served = Served::shared();
    let address = served.running.address;
    let ask = |head: &str| {
        send(address, format!("{head}\r\nConnection: close\r\n\r\n").as_bytes()).status
    };
    assert_eq!(ask(&format!("GET /healthz HTTP/1.1\r\nHost: {address}")), 200);
    assert_eq!(ask("GET /healthz HTTP/1.1\r\nHost: evil.example"), 421);
    assert_eq!(
        ask(&format!("GET /healthz HTTP/1.1\r\nHost: {address}\r\nOrigin: https://evil.example")),
        403
    );
    let smuggled = format!(
        "POST /login HTTP/1.1\r\nHost: {address}\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /healthz HTTP/1.1\r\nHost: {address}\r\n\r\n"
    );
    let answer = send(address, smuggled.as_bytes());
    assert!(!answer.text().contains("ok\n") || answer.status == 400, "{}", answer.status);
    let headers = served.ask("GET", "/login", &[], b"");
    let policy = headers.header("content-security-policy").expect("a policy");
    assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe-inline"));
    assert_eq!(headers.header("cache-control"), Some("no-store"));
    assert_eq!(headers.header("x-content-type-options"), Some("nosniff"));
}

/// Every way to a record, with `ID` in its place.
const WAYS: [[&str; 2]; 4] = [
    ["/api/v1/demands/ID", "/api/v1/supplies/ID"],
    ["/api/v1/demands/ID/matches", "/api/v1/supplies/ID/matches"],
    ["/api/v1/demands/ID/contact", "/api/v1/supplies/ID/contact"],
    ["/api/v1/pairs?demand=ID&supply=OTHER", "/api/v1/pairs?demand=OTHER&supply=ID"],
];

#[test]
fn the_matrix_of_role_visibility_and_way_holds() {
    let served = Served::shared();
    for role in Role::ALL {
        let sees_all = role >= Role::Office;
        for (side, ids) in served.ids.iter().enumerate() {
            let other = &served.ids[1 - side][0];
            for (place, id) in ids.iter().enumerate() {
                for (way, paths) in WAYS.iter().enumerate() {
                    let path = paths[side].replace("ID", id).replace("OTHER", other);
                    let answer = served.get(&path, role);
                    let expected = match (place, way) {
                        _ if sees_all => 200,
                        (2, _) => 404,
                        (1, 2) => 403,
                        (0, 2) if role == Role::Reader => 403,
                        _ => 200,
                    };
                    assert_eq!(answer.status, expected, "{role:?} {path}: {}", answer.text());
                    let text = answer.text();
                    if !sees_all {
                        assert!(!text.contains("秘而不宣"), "{role:?} {path}");
                        assert!(
                            !text.contains("守口如瓶") && !text.contains("保密乙"),
                            "{role:?} {path}"
                        );
                    }
                    if way != 2 {
                        for telephone in ["13912345678", "13812345678", "13712345678"] {
                            assert!(!text.contains(telephone), "{role:?} {path}");
                        }
                    }
                }
            }
            // A hidden record and an absent one are told alike, to the last header.
            for paths in WAYS {
                let hidden =
                    served.get(&paths[side].replace("ID", &ids[2]).replace("OTHER", other), role);
                let absent =
                    served.get(&paths[side].replace("ID", "NOBODY").replace("OTHER", other), role);
                let told = |answer: &Answer| {
                    let headers: Vec<_> = answer
                        .headers
                        .iter()
                        .filter(|(name, _)| name != "date" && name != "x-request-id")
                        .cloned()
                        .collect();
                    (answer.status, headers, answer.body.clone())
                };
                if !sees_all {
                    assert_eq!(told(&hidden), told(&absent), "{role:?}");
                }
            }
        }
        // Counts, lists and searches.
        let current = served.get("/api/v1/runs/current", role).json();
        let counts = [&current["demands"], &current["supplies"]].map(|n| n.as_u64().unwrap());
        for (side, word) in ["demand", "supply"].into_iter().enumerate() {
            let all = served.get(&format!("/api/v1/search?side={word}&limit=100"), role).json();
            assert_eq!(all["found"].as_u64(), Some(counts[side]), "{role:?}");
            for words in [
                "%E4%BF%9D%E5%AF%86",
                "%E7%A7%98%E8%80%8C%E4%B8%8D%E5%AE%A3",
                "%E5%AE%88%E5%8F%A3%E5%A6%82%E7%93%B6",
            ] {
                let found = served.get(&format!("/api/v1/search?side={word}&q={words}"), role);
                assert_eq!(
                    found.text().contains("保密乙"),
                    sees_all && found.text().contains("保密乙")
                );
                assert!(sees_all || !found.text().contains("秘而不宣"), "{role:?}");
            }
        }
        let gaps = served.get("/api/v1/gaps?limit=100", role).text();
        assert!(sees_all || !gaps.contains("保密乙"));
        let text = json!({"side": "demand", "text": "在线检测激光焊缝的气孔和裂纹", "top": 50});
        let answer = served.post("/api/v1/match", role, &text);
        assert_eq!(answer.status, 200);
        assert_eq!(answer.text().contains("保密乙"), sees_all, "{role:?}");
        assert_eq!(answer.text().contains("秘而不宣厂"), sees_all, "{role:?}");
        assert_eq!(current["manifest"].is_object(), sees_all);
        assert_eq!(served.get("/api/v1/runs", role).status, if sees_all { 200 } else { 403 });
    }
}

#[test]
fn answers_and_steps_are_kept_under_the_name_of_who_gave_them() {
    let served = Served::new(options());
    let (demand, supply) = (&served.ids[0][0], &served.ids[1][0]);
    let answer =
        json!({"demand": demand, "supply": supply, "answer": "unfit", "reason": "indicator"});
    assert_eq!(served.post("/api/v1/answers", Role::Reader, &answer).status, 403);
    assert_eq!(served.post("/api/v1/answers", Role::Broker, &answer).status, 204);
    let path = format!("/api/v1/answers?demand={demand}&supply={supply}");
    let kept = served.get(&path, Role::Broker).json();
    assert_eq!(kept[0]["answer"], "unfit");
    assert_eq!(kept[0]["reason"], "indicator");
    assert_eq!(kept[0]["by"], "broker");
    let wrong =
        json!({"demand": demand, "supply": supply, "answer": "introduced", "reason": "price"});
    assert_eq!(served.post("/api/v1/answers", Role::Broker, &wrong).status, 400);

    let step = |step: Value| {
        let mut body = json!({"demand": demand, "supply": supply});
        body.as_object_mut().unwrap().extend(step.as_object().unwrap().clone());
        served.post("/api/v1/ledger", Role::Broker, &body)
    };
    assert_eq!(step(json!({"step": "contacted", "note": "已通电话"})).status, 204);
    assert_eq!(step(json!({"step": "signed"})).status, 400);
    let signed = json!({"step": "signed", "contract": "HT-1", "amount_fen": 12_345_600});
    assert_eq!(step(signed).status, 204);
    assert_eq!(step(json!({"step": "contacted"})).status, 409, "a contract is not taken back");
    let path = format!("/api/v1/ledger?demand={demand}&supply={supply}");
    let ledger = served.get(&path, Role::Broker).json();
    assert_eq!(ledger.as_array().map(Vec::len), Some(2));
    assert_eq!(ledger[1]["amount_fen"], 12_345_600);

    // The next night blocks what was refused.
    let around = around();
    nightly(&served.workspace, &NightlyOptions::default(), &around, &Silent).expect("a night");
    let path = format!("/api/v1/pairs?demand={demand}&supply={supply}");
    let deadline = std::time::Instant::now() + Duration::from_secs(60);
    loop {
        let pair = served.get(&path, Role::Broker).json();
        if pair["vetoes"].as_array().is_some_and(|all| all.contains(&json!("refused"))) {
            assert_eq!(pair["verdict"], "no_match");
            break;
        }
        assert!(std::time::Instant::now() < deadline, "{pair}");
        std::thread::sleep(Duration::from_millis(100));
    }
    served.running.stop();
}

#[test]
fn saved_texts_belong_to_one_user() {
    let served = Served::shared();
    let text = json!({"name": "焊缝", "side": "demand", "text": "激光焊缝在线检测"});
    let saved = served.post("/api/v1/saved", Role::Reader, &text);
    assert_eq!(saved.status, 201, "{}", saved.text());
    let id = saved.json()["id"].as_i64().expect("an id");
    let news = served.get(&format!("/api/v1/saved/{id}/news"), Role::Reader).json();
    assert!(news["new"].as_array().is_some(), "{news}");
    assert_eq!(served.get("/api/v1/saved/99999/news", Role::Reader).status, 404);
    let cookie = served.sign_in();
    let other = served.page(&format!("/saved/{id}"), &cookie);
    assert_eq!(other.status, 404, "another user's text does not exist");
}

#[test]
fn pages_need_a_session_and_forms_its_secret() {
    let served = Served::shared();
    let kind = ("Content-Type", "application/x-www-form-urlencoded");
    let wrong = served.ask("POST", "/login", &[kind], b"name=wang&password=wrong+password");
    let nobody = served.ask("POST", "/login", &[kind], b"name=nobody&password=wrong+password");
    assert_eq!((wrong.status, nobody.status), (401, 401));
    assert_eq!(wrong.text(), nobody.text());
    let cookie = served.sign_in();
    let [demand, supply] = [&served.ids[0][0], &served.ids[1][0]];
    for path in [
        "/".to_owned(),
        "/search?side=supply&q=%E6%A3%80%E6%B5%8B".to_owned(),
        format!("/demands/{demand}"),
        format!("/supplies/{supply}"),
        format!("/pairs?demand={demand}&supply={supply}"),
        format!("/proposal?demand={demand}&supply={supply}"),
        "/today".to_owned(),
        "/gaps".to_owned(),
        "/run".to_owned(),
        "/match".to_owned(),
        "/saved".to_owned(),
    ] {
        let page = served.page(&path, &cookie);
        assert_eq!(page.status, 200, "{path}: {}", page.text());
        let text = page.text();
        assert!(text.contains("<html lang=\"zh"), "{path}");
        assert!(!text.contains(" style=") && !text.contains("onclick="), "{path}");
        let english = served.ask("GET", &path, &[("Cookie", &format!("{cookie}; lang=en"))], b"");
        assert!(english.text().contains("<html lang=\"en\""), "{path}");
    }
    for path in ["/admin", "/import", "/run/files/lists.xlsx"] {
        assert_eq!(served.page(path, &cookie).status, 403, "{path}");
    }
    assert_eq!(served.page("/demands/NOBODY", &cookie).status, 404);
    let form = "csrf=wrong&side=demand&text=%E6%A3%80%E6%B5%8B";
    let post =
        |form: &str| served.ask("POST", "/match", &[kind, ("Cookie", &cookie)], form.as_bytes());
    assert_eq!(post(form).status, 403);
    let text = served.page("/match", &cookie).text();
    let csrf = text.split("name=\"csrf\" value=\"").nth(1).and_then(|rest| rest.split('"').next());
    let csrf = csrf.expect("a secret in the form");
    let answer = post(&format!(
        "csrf={csrf}&side=demand&text=%E6%BF%80%E5%85%89%E7%84%8A%E7%BC%9D%E5%9C%A8%E7%BA%BF%E6%A3%80%E6%B5%8B"
    ));
    assert_eq!(answer.status, 200);
    let text = answer.text();
    assert!(!text.contains("<script>alert") && !text.contains("<img src=x"), "escaped");
    assert!(text.contains("&lt;script&gt;") || !text.contains("alert(1)"));
    for path in [
        "/search.xlsx?side=supply",
        "/today.xlsx",
        "/gaps.xlsx",
        &format!("/demands/{demand}.xlsx"),
    ] {
        let sheet = served.page(path, &cookie);
        assert_eq!(sheet.status, 200, "{path}");
        assert!(sheet.body.starts_with(b"PK"), "{path}");
        assert!(sheet.header("content-disposition").is_some_and(|it| it.starts_with("attachment")));
    }
    // A session whose cookie was stolen from a page of another site sends nothing.
    let foreign = [kind, ("Cookie", cookie.as_str()), ("Sec-Fetch-Site", "cross-site")];
    assert_eq!(served.ask("POST", "/logout", &foreign, b"csrf=x").status, 403);
    let out = served.ask(
        "POST",
        "/logout",
        &[kind, ("Cookie", &cookie)],
        format!("csrf={csrf}").as_bytes(),
    );
    assert_eq!(out.status, 303);
    assert_eq!(served.page("/today", &cookie).status, 303, "signed out");
}

#[test]
fn who_saw_what_is_not_public_is_noted() {
    let served = Served::shared();
    let internal = &served.ids[0][2];
    assert_eq!(served.get(&format!("/api/v1/demands/{internal}"), Role::Office).status, 200);
    assert_eq!(
        served.get(&format!("/api/v1/demands/{internal}/contact"), Role::Office).status,
        200
    );
    let deadline = std::time::Instant::now() + Duration::from_secs(20);
    loop {
        let store = served.workspace.store_read_only().expect("a store");
        let rows = store.audit(&duijie::store::AccessFilter::default(), 1_000).expect("the log");
        let of = |kind| {
            rows.iter().any(|row| {
                row.kind == kind && row.record.as_ref().is_some_and(|id| id.0 == *internal)
            })
        };
        if of(duijie::store::AccessKind::Record) && of(duijie::store::AccessKind::Contacts) {
            break;
        }
        assert!(std::time::Instant::now() < deadline);
        std::thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn a_launch_link_works_once() {
    let served = Served::new(options());
    let path =
        served.running.launch_url.split_once(&served.running.address.to_string()).expect("ours").1;
    let first = served.ask("GET", path, &[], b"");
    assert_eq!(first.status, 303, "{}", first.text());
    let cookie = format!("duijie_session={}", first.cookie("duijie_session").expect("a session"));
    assert_eq!(served.page("/admin", &cookie).status, 200, "whoever started it may all");
    assert_eq!(served.ask("GET", path, &[], b"").status, 403);
    served.running.stop();
}

#[test]
fn two_lists_are_matched_without_a_command_line() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = Timestamp::now();
    let (workspace, _) = Workspace::init(folder.path(), at).expect("a workspace");
    let running = serve(workspace.clone(), around(), options()).expect("it starts");
    let served = Served {
        _folder: folder,
        workspace,
        running,
        tokens: Default::default(),
        ids: Default::default(),
    };
    let path = served
        .running
        .launch_url
        .split_once(&served.running.address.to_string())
        .expect("ours")
        .1
        .to_owned();
    let first = served.ask("GET", &path, &[], b"");
    let cookie = format!("duijie_session={}", first.cookie("duijie_session").expect("a session"));
    assert_eq!(served.page("/", &cookie).status, 503, "nothing is published yet");
    let text = served.page("/import", &cookie).text();
    let csrf = text.split("name=\"csrf\" value=\"").nth(1).and_then(|rest| rest.split('"').next());
    let csrf = csrf.expect("a secret").to_owned();
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus/sample");
    let mut body = Vec::new();
    let mut part = |head: &str, bytes: &[u8]| {
        body.extend_from_slice(
            format!("--xyz\r\nContent-Disposition: form-data; {head}\r\n\r\n").as_bytes(),
        );
        body.extend_from_slice(bytes);
        body.extend_from_slice(b"\r\n");
    };
    part("name=\"csrf\"", csrf.as_bytes());
    for (field, file) in [("demands", "demands.xlsx"), ("supplies", "supplies.xlsx")] {
        let bytes = std::fs::read(sample.join(file)).expect("the sample");
        part(&format!("name=\"{field}\"; filename=\"../../{file}\""), &bytes);
    }
    body.extend_from_slice(b"--xyz--\r\n");
    let headers =
        [("Cookie", cookie.as_str()), ("Content-Type", "multipart/form-data; boundary=xyz")];
    let checked = served.ask("POST", "/import/check", &headers, &body);
    assert_eq!(checked.status, 200, "{}", checked.text());
    let text = checked.text();
    let keys: Vec<&str> = text
        .split("name=\"key\" value=\"")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .collect();
    assert_eq!(keys.len(), 2, "{text}");
    let form = format!("csrf={csrf}&key={}&key={}", keys[0], keys[1]);
    let kind = ("Content-Type", "application/x-www-form-urlencoded");
    let started = served.ask("POST", "/import/take", &[kind, ("Cookie", &cookie)], form.as_bytes());
    assert_eq!(started.status, 303, "{}", started.text());
    let job = started.header("location").expect("a job").to_owned();
    let deadline = std::time::Instant::now() + Duration::from_secs(120);
    loop {
        let text = served.page(&job, &cookie).text();
        if text.contains("/run/files/lists.xlsx") {
            break;
        }
        assert!(std::time::Instant::now() < deadline, "{text}");
        std::thread::sleep(Duration::from_millis(200));
    }
    let lists = served.page("/run/files/lists.xlsx", &cookie);
    assert!(lists.status == 200 && lists.body.starts_with(b"PK"));
    assert_eq!(served.page("/", &cookie).status, 200);
    served.running.stop();
}

#[test]
fn a_slow_client_and_too_many_requests_harm_nobody() {
    let served = Served::new(ServeOptions { rate: 5, ..options() });
    let mut slow = TcpStream::connect(served.running.address).expect("it listens");
    slow.write_all(b"GET /healthz HTTP/1.1\r\nHost: a").expect("half a head");
    let statuses: Vec<u16> =
        (0..40).map(|_| served.get("/api/v1/me", Role::Reader).status).collect();
    assert!(statuses.contains(&200) && statuses.contains(&429), "{statuses:?}");
    assert!(statuses.iter().all(|status| [200, 429].contains(status)), "{statuses:?}");
    assert_eq!(served.get("/api/v1/me", Role::Office).status, 200, "each has a rate of their own");
    assert_eq!(served.ask("GET", "/healthz", &[], b"").status, 200);
    served.running.stop();
}

#[test]
fn a_damaged_night_leaves_the_last_one_served() {
    let served = Served::new(options());
    let run = served.get("/api/v1/runs/current", Role::Office).json();
    let around = around();
    nightly(&served.workspace, &NightlyOptions::default(), &around, &Silent).expect("a night");
    let wait = |what: &dyn Fn(&Value) -> bool| {
        let deadline = std::time::Instant::now() + Duration::from_secs(60);
        loop {
            let now = served.get("/api/v1/runs/current", Role::Office).json();
            if what(&now) {
                return now;
            }
            assert!(std::time::Instant::now() < deadline, "{now}");
            std::thread::sleep(Duration::from_millis(50));
        }
    };
    let second = wait(&|now| now["run"] != run["run"]);
    let current = served.workspace.path("CURRENT");
    let good = std::fs::read_to_string(&current).expect("the pointer");
    let mut broken: Value = serde_json::from_str(&good).expect("JSON");
    broken["generation"] = json!(9_999);
    std::fs::write(&current, broken.to_string() + "\n").expect("write");
    let now = wait(&|now| !now["trouble"].is_null());
    assert_eq!(now["run"], second["run"], "the last one is kept");
    std::fs::write(&current, good).expect("write");
    wait(&|now| now["trouble"].is_null());
    served.running.stop();
}

#[test]
fn the_description_names_every_way() {
    let document: Value = serde_json::from_str(&openapi_json()).expect("JSON");
    assert!(document["openapi"].as_str().is_some_and(|version| version.starts_with("3.1")));
    let paths = document["paths"].as_object().expect("paths");
    assert!(paths.len() >= 17, "{}", paths.len());
    for path in paths.keys() {
        assert!(path.starts_with("/api/v1/"), "{path}");
    }
    let served = Served::shared();
    let answer = served.ask("GET", "/api/v1/openapi.json", &[], b"");
    assert_eq!(answer.json(), document);
    let docs = served.ask("GET", "/api/v1/docs/index.html", &[], b"");
    assert!(docs.status == 200 && docs.text().contains("swagger-ui"));
    assert!(!docs.text().contains("https://"), "no other host");
}

#[test]
fn a_night_is_swapped_in_without_a_failed_request() {
    let served = Served::new(options());
    let first = served.get("/api/v1/runs/current", Role::Office).json()["run"].clone();
    let night = {
        let workspace = served.workspace.clone();
        std::thread::spawn(move || {
            nightly(&workspace, &NightlyOptions::default(), &around(), &Silent).expect("a night");
        })
    };
    let text = json!({"side": "demand", "text": "在线检测激光焊缝的气孔和裂纹", "top": 3});
    let deadline = std::time::Instant::now() + Duration::from_secs(60);
    let mut n_asked = 0;
    loop {
        let current = served.get("/api/v1/runs/current", Role::Office);
        let search = served.get("/api/v1/search?side=supply&q=%E6%A3%80%E6%B5%8B", Role::Reader);
        let answer = served.post("/api/v1/match", Role::Reader, &text);
        let statuses = [current.status, search.status, answer.status];
        assert_eq!(statuses, [200; 3], "{} {}", search.text(), answer.text());
        n_asked += 3;
        if current.json()["run"] != first {
            break;
        }
        assert!(std::time::Instant::now() < deadline, "{n_asked}");
    }
    night.join().expect("the night ends");
    served.running.stop();
}
