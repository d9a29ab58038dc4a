//! A small server on this machine that answers as an endpoint for embeddings does, or as one in
//! trouble does.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

/// What was asked.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) path: String,
    pub(crate) model: String,
    pub(crate) inputs: Vec<String>,
    pub(crate) authorization: Option<String>,
}

/// What is answered.
pub(crate) enum Reply {
    /// Status, further headers, body.
    With(u16, &'static str, String),
    /// Nothing for so long.
    Silence(Duration),
    /// A body that does not end.
    Endless,
    /// The connection is closed.
    Nothing,
}

/// Vectors as documented, in the order of the inputs.
pub(crate) fn vectors(asked: &Asked) -> Reply {
    let items: Vec<String> = asked
        .inputs
        .iter()
        .enumerate()
        .map(|(index, text)| {
            format!(
                "{{\"object\":\"embedding\",\"index\":{index},\"embedding\":{:?}}}",
                vector(text)
            )
        })
        .collect();
    data(&items.join(","))
}

/// An answer with these items.
pub(crate) fn data(items: &str) -> Reply {
    Reply::With(200, "", format!("{{\"object\":\"list\",\"data\":[{items}],\"model\":\"m\"}}"))
}

/// The vector that this server's model gives a text: four numbers, never all zero.
pub(crate) fn vector(text: &str) -> [f32; 4] {
    let sum = text.bytes().fold(7_u32, |sum, byte| sum.wrapping_mul(31) + u32::from(byte));
    [0, 8, 16, 24].map(|shift| f32::from((sum >> shift & 0xff) as u8) - 99.5)
}

type Answers = dyn Fn(usize, &Asked) -> Reply + Send + Sync;

/// The server; it stops when dropped.
pub(crate) struct Server {
    port: u16,
    asked: Arc<Mutex<Vec<Asked>>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Answers each request, given its number from 0, by `answers`.
    pub(crate) fn start(answers: impl Fn(usize, &Asked) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let stop = Arc::new(AtomicBool::new(false));
        let answers: Arc<Answers> = Arc::new(answers);
        let thread = {
            let (asked, stop) = (asked.clone(), stop.clone());
            std::thread::spawn(move || {
                for stream in listener.incoming().flatten() {
                    if stop.load(Ordering::SeqCst) {
                        break;
                    }
                    let (asked, answers) = (asked.clone(), answers.clone());
                    // A reader that gives up early is what some tests are about.
                    std::thread::spawn(move || serve(stream, &asked, &*answers).ok());
                }
            })
        };
        Self { port, asked, stop, thread: Some(thread) }
    }

    pub(crate) fn host(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// As `--embedder` takes it.
    pub(crate) fn address(&self) -> String {
        format!("http://{}/v1#m", self.host())
    }

    /// All requests so far; they are forgotten.
    pub(crate) fn take(&self) -> Vec<Asked> {
        std::mem::take(&mut self.asked.lock().expect("no panic"))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        // Wakes the thread that waits for a connection.
        TcpStream::connect(("127.0.0.1", self.port)).ok();
        self.thread.take().map(JoinHandle::join);
    }
}

fn serve(stream: TcpStream, asked: &Mutex<Vec<Asked>>, answers: &Answers) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
    let (mut length, mut authorization) = (0, None);
    loop {
        line.clear();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.trim().split_once(": ") else { break };
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.parse().expect("a length"),
            "authorization" => authorization = Some(value.to_owned()),
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let body: serde_json::Value = serde_json::from_slice(&body).unwrap_or_default();
    let texts = body["input"].as_array().cloned().unwrap_or_default();
    let request = Asked {
        path,
        model: body["model"].as_str().unwrap_or_default().to_owned(),
        inputs: texts.iter().map(|text| text.as_str().unwrap_or_default().to_owned()).collect(),
        authorization,
    };
    let number = {
        let mut asked = asked.lock().expect("no panic");
        asked.push(request.clone());
        asked.len() - 1
    };
    reply(stream, answers(number, &request))
}

fn reply(mut stream: TcpStream, reply: Reply) -> std::io::Result<()> {
    match reply {
        Reply::With(status, headers, body) => write!(
            stream,
            "HTTP/1.1 {status} Said\r\nConnection: close\r\nContent-Length: {}\r\n{headers}\r\n{body}",
            body.len()
        ),
        Reply::Silence(time) => {
            std::thread::sleep(time);
            Ok(())
        }
        Reply::Endless => {
            write!(stream, "HTTP/1.1 200 Said\r\nConnection: close\r\n\r\n{{\"data\":[")?;
            loop {
                stream.write_all(&[b' '; 1 << 16])?;
            }
        }
        Reply::Nothing => Ok(()),
    }
}
