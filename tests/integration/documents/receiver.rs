//! A receiver of messages, such as a phone's notification service: whatever is posted to it is kept.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver as Channel, Sender, channel};
use std::thread;

/// It listens until the test's process ends.
pub(super) struct Receiver {
    address: SocketAddr,
    messages: Channel<String>,
}

impl Receiver {
    pub(super) fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let address = listener.local_addr().expect("it listens");
        let (sender, messages) = channel();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let _ = take(stream, &sender); // A client that breaks off has told nothing.
            }
        });
        Self { address, messages }
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The bodies of all requests so far.
    pub(super) fn messages(&self) -> Vec<String> {
        self.messages.try_iter().collect()
    }
}

fn take(stream: TcpStream, sender: &Sender<String>) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream);
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let line = line.trim_end().to_ascii_lowercase();
        if line.is_empty() {
            break;
        }
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().unwrap_or(0);
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    // Kept before it is answered: who has the answer may ask for it.
    let _ = sender.send(String::from_utf8_lossy(&body).into_owned());
    let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    reader.into_inner().write_all(answer)
}
