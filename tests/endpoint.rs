//! Vectors from a service: asked in batches, checked, repeated, and kept only when they are good.

pub(crate) mod server;

use std::net::TcpListener;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use duijie::embed::{
    AnswerFault, ApiKey, CachedEmbedder, EmbedError, Embedder, EndpointEmbedder, EndpointError,
    EndpointLimits, TextRole, Trouble, VectorCache, Windows,
};
use duijie::model::{Diagnosis, Lang};

use server::{Asked, Reply, Server, data, vector, vectors};

const KEY: &str = "sk-not-to-be-seen";

/// Small batches and short times, so that a test sees several of each.
fn limits() -> EndpointLimits {
    EndpointLimits {
        texts_per_request: 8,
        requests_in_flight: 3,
        connect: Duration::from_secs(2),
        answer: Duration::from_millis(700),
        deadline: Duration::from_secs(20),
        attempts: 3,
        first_wait: Duration::from_millis(5),
        longest_wait: Duration::from_millis(20),
        ..EndpointLimits::default()
    }
}

fn connect(server: &Server) -> Result<EndpointEmbedder, EmbedError> {
    let address = server.address().parse().expect("an address");
    EndpointEmbedder::connect(address, ApiKey::new(KEY), None, limits())
}

fn endpoint(server: &Server) -> EndpointEmbedder {
    let endpoint = connect(server).unwrap_or_else(|error| panic!("{error}"));
    server.take();
    endpoint
}

fn unit(text: &str) -> Vec<f32> {
    let row = vector(text).map(f64::from);
    let length = row.iter().map(|x| x * x).sum::<f64>().sqrt();
    #[expect(clippy::cast_possible_truncation, reason = "rounding to f32 is the result")]
    let row = row.iter().map(|x| (x / length) as f32).collect();
    row
}

fn failure(error: EmbedError) -> (u32, Trouble) {
    assert!(!error.remedy(Lang::Zh).is_empty() && !error.remedy(Lang::En).is_empty());
    for text in [error.to_string(), error.message(Lang::Zh), format!("{error:?}")] {
        assert!(!text.contains(KEY), "{text}");
        assert!(text.contains("127.0.0.1"), "{text}");
    }
    match error {
        EmbedError::Endpoint(EndpointError::Request { attempts, trouble, .. }) => {
            (attempts, trouble)
        }
        other => panic!("{other}"),
    }
}

fn embed(endpoint: &dyn Embedder, texts: &[&str]) -> Result<Vec<Vec<f32>>, EmbedError> {
    let found = endpoint.embed(texts, TextRole::Document)?;
    Ok((0..found.n_rows()).map(|row| found.row(row).to_vec()).collect())
}

#[test]
fn every_text_gets_its_own_vector_whatever_the_order_of_the_answers() {
    let server = Server::start(|number, asked| {
        // Earlier requests are answered later, and each answer is in reverse order.
        std::thread::sleep(Duration::from_millis(60_u64.saturating_sub(number as u64 * 10)));
        let items = asked.inputs.iter().enumerate().rev();
        let items: Vec<String> = items
            .map(|(index, text)| format!("{{\"index\":{index},\"embedding\":{:?}}}", vector(text)))
            .collect();
        data(&items.join(","))
    });
    let endpoint = endpoint(&server);
    let texts: Vec<String> = (0..70).map(|n| format!("第{n}条需求")).collect();
    let mut texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    texts.insert(5, " \n");
    let rows = embed(&endpoint, &texts).unwrap();
    assert_eq!(rows[5], [0.0; 4]);
    for (row, text) in rows.iter().zip(&texts).filter(|(_, text)| !text.trim().is_empty()) {
        assert_eq!(*row, unit(text), "{text}");
    }
    let asked = server.take();
    assert_eq!(asked.len(), 9);
    assert!(asked.iter().all(|asked| asked.inputs.len() <= 8 && asked.model == "m"));
    assert!(asked.iter().all(|asked| asked.path == "/v1/embeddings"));
    let bearer = format!("Bearer {KEY}");
    assert!(asked.iter().all(|asked| asked.authorization.as_deref() == Some(bearer.as_str())));
    assert!(embed(&endpoint, &[]).unwrap().is_empty());
    assert!(server.take().is_empty());
}

#[test]
fn nothing_is_cut_off_and_queries_get_their_instruction() {
    let server = Server::start(|_, asked| vectors(asked));
    let limits = EndpointLimits { windows: Windows::new(1_000, 100), ..limits() };
    let address = server.address().parse().unwrap();
    let endpoint = EndpointEmbedder::connect(address, None, Some("查询："), limits).unwrap();
    assert_eq!(server.take()[0].authorization, None);
    let long: String = ('\u{4e00}'..='\u{9fa5}').cycle().take(1_000_000).collect();
    let texts = [long.as_str(), "", "硅", "。。。——"];
    let found = endpoint.embed(&texts, TextRole::Document).unwrap();
    assert_eq!(found.row(1), [0.0; 4]);
    assert_eq!(found.row(2), unit("硅"));
    assert_eq!(found.row(3), unit("。。。——"));
    let asked = server.take();
    let sent: usize = asked.iter().flat_map(|a| &a.inputs).map(|text| text.chars().count()).sum();
    assert!(sent > 1_000_000, "{sent}");
    let longest = asked.iter().flat_map(|a| &a.inputs).map(|text| text.chars().count()).max();
    assert_eq!(longest, Some(1_000));
    assert!(
        asked.iter().all(|a| a.inputs.iter().map(|t| t.chars().count()).sum::<usize>() <= 16_000)
    );

    let query = endpoint.embed(&["硅"], TextRole::Query).unwrap();
    assert_eq!(query.row(0), unit("查询：硅"));
}

#[test]
fn a_busy_service_is_asked_again_as_late_as_it_wishes() {
    let server = Server::start(|number, asked| match number {
        1 => Reply::With(429, "Retry-After: 1\r\n", "{\"error\":\"slow down\"}".to_owned()),
        2 => Reply::With(503, "", String::new()),
        _ => vectors(asked),
    });
    let address = server.address().parse().unwrap();
    let endpoint = EndpointEmbedder::connect(address, None, None, limits()).unwrap();
    let began = Instant::now();
    assert_eq!(embed(&endpoint, &["x"]).unwrap(), [unit("x")]);
    assert!(began.elapsed() >= Duration::from_secs(1));
    assert_eq!(server.take().len(), 4);
}

#[test]
fn a_service_that_asks_for_too_much_patience_is_given_up_at_once() {
    // Seconds or a date; a date that has passed asks for nothing.
    for (wish, tries) in [
        ("Retry-After: 3600\r\n", 1),
        ("Retry-After: 18446744073709551615\r\n", 1),
        ("Retry-After: Fri, 01 Jan 2100 00:00:00 GMT\r\n", 1),
        ("Retry-After: Sat, 01 Jan 2000 00:00:00 GMT\r\n", 3),
        ("Retry-After: soon\r\n", 3),
    ] {
        let server = Server::start(move |number, asked| match number {
            0 => vectors(asked),
            _ => Reply::With(429, wish, "quota".to_owned()),
        });
        let address = server.address().parse().unwrap();
        let endpoint = EndpointEmbedder::connect(address, None, None, limits()).unwrap();
        let (attempts, trouble) = failure(embed(&endpoint, &["x"]).unwrap_err());
        let said = Trouble::Status { status: 429, said: "quota".to_owned() };
        assert_eq!((attempts, trouble), (tries, said), "{wish}");
    }
}

#[test]
fn a_service_that_stays_in_trouble_is_named() {
    let server = Server::start(|_, _| Reply::With(500, "", "out of memory".to_owned()));
    let (attempts, trouble) = failure(connect(&server).unwrap_err());
    assert_eq!(attempts, 3);
    assert_eq!(trouble, Trouble::Status { status: 500, said: "out of memory".to_owned() });
    assert_eq!(server.take().len(), 3);

    let silent = Server::start(|_, _| Reply::Silence(Duration::from_secs(3)));
    let (attempts, trouble) = failure(connect(&silent).unwrap_err());
    assert_eq!((attempts, trouble), (3, Trouble::TimedOut));

    let closing = Server::start(|_, _| Reply::Nothing);
    let error = connect(&closing).unwrap_err();
    assert_eq!(error.code(), "embed.endpoint-connection");
    assert_eq!(failure(error).0, 3);

    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let address = format!("http://{free}/v1#m").parse().unwrap();
    let error = EndpointEmbedder::connect(address, None, None, limits()).unwrap_err();
    assert_eq!(error.code(), "embed.endpoint-connection");
    assert_eq!(failure(error).0, 3);
}

#[test]
fn what_repeating_cannot_help_is_told_at_once_and_without_the_key() {
    for status in [401, 404, 301] {
        let server = Server::start(move |_, asked| {
            let echo = asked.authorization.clone().unwrap_or_default();
            Reply::With(status, "Location: http://127.0.0.1:9/\r\n", format!("refused: {echo}"))
        });
        let (attempts, trouble) = failure(connect(&server).unwrap_err());
        assert_eq!(attempts, 1);
        assert_eq!(trouble, Trouble::Status { status, said: "refused: Bearer ***".to_owned() });
    }
}

#[test]
fn a_service_that_takes_fewer_texts_gets_fewer() {
    let server = Server::start(|_, asked| match asked.inputs.len() {
        0..=2 => vectors(asked),
        _ => Reply::With(413, "", "batch too large".to_owned()),
    });
    let endpoint = endpoint(&server);
    let texts: Vec<String> = (0..64).map(|n| n.to_string()).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let wanted: Vec<Vec<f32>> = texts.iter().map(|text| unit(text)).collect();
    assert_eq!(embed(&endpoint, &texts).unwrap(), wanted);
    server.take();
    assert_eq!(embed(&endpoint, &texts).unwrap(), wanted);
    assert!(server.take().iter().all(|asked| asked.inputs.len() <= 2));
}

/// A server whose answers are good, unless it is told otherwise.
fn moody(bad: fn(&Asked) -> Reply) -> (Server, Arc<AtomicBool>) {
    let mood = Arc::new(AtomicBool::new(true));
    let good = mood.clone();
    let server =
        Server::start(
            move |_, asked| {
                if good.load(Ordering::SeqCst) { vectors(asked) } else { bad(asked) }
            },
        );
    (server, mood)
}

fn cached(server: &Server, dir: &Path) -> CachedEmbedder<EndpointEmbedder> {
    CachedEmbedder::open(endpoint(server), &VectorCache::new(dir)).unwrap()
}

#[test]
fn faulty_answers_are_named_and_never_kept() {
    type Bad = fn(&Asked) -> Reply;
    let cases: [(&str, Bad, Option<AnswerFault>); 9] = [
        ("fewer vectors", |_| data(""), Some(AnswerFault::Count { sent: 1, received: 0 })),
        (
            "another dimension",
            |_| data("{\"index\":0,\"embedding\":[1,0,0]}"),
            Some(AnswerFault::Dimension { expected: 4, found: 3 }),
        ),
        (
            "null",
            |_| data("{\"index\":0,\"embedding\":[1,null,0,0]}"),
            Some(AnswerFault::NotFinite { index: 0 }),
        ),
        ("NaN", |_| data("{\"index\":0,\"embedding\":[1,NaN,0,0]}"), None),
        (
            "zeros",
            |_| data("{\"index\":0,\"embedding\":[0,0,0,0]}"),
            Some(AnswerFault::Zero { index: 0 }),
        ),
        (
            "another's index",
            |_| data("{\"index\":1,\"embedding\":[1,0,0,0]}"),
            Some(AnswerFault::Index),
        ),
        ("no JSON", |_| Reply::With(200, "", "<html>".to_owned()), None),
        ("half an answer", |_| Reply::With(200, "", "{\"data\":[{\"index\":0,".to_owned()), None),
        (
            "a body without end",
            |_| Reply::Endless,
            Some(AnswerFault::TooLarge { limit: 512 << 10 }),
        ),
    ];
    for (name, bad, wanted) in cases {
        let dir = tempfile::tempdir().unwrap();
        let (server, good) = moody(bad);
        let cached = cached(&server, dir.path());
        assert_eq!(embed(&cached, &["kept"]).unwrap(), [unit("kept")]);
        good.store(false, Ordering::SeqCst);
        let error = embed(&cached, &["kept", "new"]).unwrap_err();
        assert_eq!(error.code(), "embed.endpoint-answer", "{name}: {error}");
        let (attempts, trouble) = failure(error);
        assert_eq!(attempts, 3, "{name}");
        match (wanted, trouble) {
            (Some(wanted), Trouble::Answer(found)) => assert_eq!(found, wanted, "{name}"),
            (None, Trouble::Answer(AnswerFault::Json(_))) => {}
            (_, other) => panic!("{name}: {other:?}"),
        }
        drop(cached);
        good.store(true, Ordering::SeqCst);
        let again = self::cached(&server, dir.path());
        server.take();
        assert_eq!(embed(&again, &["kept", "new"]).unwrap(), [unit("kept"), unit("new")]);
        let asked = server.take();
        assert_eq!(
            (asked.len(), asked[0].inputs.as_slice()),
            (1, &["new".to_owned()][..]),
            "{name}"
        );
    }
}

#[test]
fn failed_requests_leave_nothing_in_the_cache() {
    type Bad = fn(&Asked) -> Reply;
    let cases: [(&str, Bad); 4] = [
        ("embed.endpoint-status", |_| Reply::With(500, "", String::new())),
        ("embed.endpoint-status", |_| Reply::With(400, "", String::new())),
        ("embed.endpoint-timeout", |_| Reply::Silence(Duration::from_secs(2))),
        ("embed.endpoint-connection", |_| Reply::Nothing),
    ];
    for (code, bad) in cases {
        let dir = tempfile::tempdir().unwrap();
        let (server, good) = moody(bad);
        let first = cached(&server, dir.path());
        embed(&first, &["kept"]).unwrap();
        good.store(false, Ordering::SeqCst);
        assert_eq!(embed(&first, &["kept", "new"]).unwrap_err().code(), code);
        drop(first);
        good.store(true, Ordering::SeqCst);
        let again = cached(&server, dir.path());
        server.take();
        assert_eq!(embed(&again, &["kept", "new"]).unwrap(), [unit("kept"), unit("new")]);
        assert_eq!(server.take()[0].inputs, ["new"], "{code}");
    }
}

#[test]
fn what_came_before_a_failure_is_kept() {
    let n = Arc::new(AtomicUsize::new(0));
    let count = n.clone();
    // The probe and the first 600 texts, of which the cache hands over 512 at once, are answered.
    let server = Server::start(move |_, asked| {
        if count.fetch_add(asked.inputs.len(), Ordering::SeqCst) < 600 {
            vectors(asked)
        } else {
            Reply::With(400, "", "no more".to_owned())
        }
    });
    let dir = tempfile::tempdir().unwrap();
    let texts: Vec<String> = (0..700).map(|n| n.to_string()).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let first = cached(&server, dir.path());
    assert!(embed(&first, &texts).is_err());
    drop(first);
    n.store(0, Ordering::SeqCst);
    let again = cached(&server, dir.path());
    let wanted: Vec<Vec<f32>> = texts.iter().map(|text| unit(text)).collect();
    assert_eq!(embed(&again, &texts).unwrap(), wanted);
    let asked: usize = server.take().iter().map(|asked| asked.inputs.len()).sum();
    assert_eq!(asked, 700 - 512);
}

#[test]
fn a_silently_changed_model_has_another_identity() {
    let changed = Arc::new(AtomicBool::new(false));
    let other = changed.clone();
    let server = Server::start(move |_, asked| {
        if other.load(Ordering::SeqCst) {
            let [a, b, c, d] = vector(&asked.inputs[0]);
            data(&format!("{{\"index\":0,\"embedding\":{:?}}}", [b, c, d, -a]))
        } else {
            vectors(asked)
        }
    });
    let before = endpoint(&server).identity().clone();
    assert_eq!(before, *endpoint(&server).identity());
    assert_eq!(before.name, format!("m@{}", server.host()));
    changed.store(true, Ordering::SeqCst);
    let after = endpoint(&server).identity().clone();
    assert_eq!((after.name, after.dim), (before.name, before.dim));
    assert_ne!(after.sha256, before.sha256);
}
