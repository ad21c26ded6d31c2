//! The log's lines, and what happens when nobody reads them.

use std::io::{self, Write};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use super::{Log, PAGE_BYTES_MAX};
use crate::meter::usage::{Beside, Usage};
use crate::observe::record::{Attempt, Record};

const WAIT: Duration = Duration::from_secs(20);

/// Hands each written piece over; a write waits for a permit first, once the gate is closed.
struct Pipe {
    text: Sender<Vec<u8>>,
    gate: Option<Receiver<()>>,
}

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if let Some(gate) = &self.gate {
            gate.recv()
                .map_err(|_| io::Error::from(io::ErrorKind::BrokenPipe))?;
        }
        self.text.send(bytes.to_vec()).unwrap();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn written(records: impl IntoIterator<Item = Record>) -> String {
    let (text, lines) = channel();
    let log = Log::start(Box::new(Pipe { text, gate: None })).unwrap();
    let pen = log.pen();
    for record in records {
        pen.write(&record);
    }
    assert!(log.flush(WAIT));
    String::from_utf8(lines.try_iter().flatten().collect()).unwrap()
}

#[test]
fn a_request_that_failed_over_is_one_line_with_both_attempts() {
    let record = Record {
        request_id: "req_01".to_owned(),
        at_ms: 1_795_255_200_042,
        policy: "ab12".to_owned(),
        method: "POST".to_owned(),
        path: "/v1/chat/completions".to_owned(),
        client: Some("bot-7".to_owned()),
        model: Some("gpt-5.5".to_owned()),
        streaming: true,
        arm: Some("main/2".to_owned()),
        class: Some("code".to_owned()),
        target: Some("b/y".to_owned()),
        attempts: vec![
            Attempt {
                target: "a/x".to_owned(),
                sent: true,
                cause: Some("500".to_owned()),
                status: Some(500),
                duration_us: 1_500,
                ..Attempt::default()
            },
            Attempt {
                target: "b/y".to_owned(),
                sent: true,
                cause: None,
                status: Some(200),
                duration_us: 80_001,
                continued: true,
                ..Attempt::default()
            },
        ],
        status: 200,
        code: None,
        outcome: "complete",
        usage: Some(Usage {
            input_total: 12,
            input_uncached: 2,
            cache_read: 10,
            cache_write: 0,
            cache_write_1h: 0,
            output_total: 7,
            reasoning: 3,
            beside: Beside {
                input_uncached: 4,
                cache_read: 5,
                cache_write: 0,
                output_total: 6,
            },
        }),
        usage_estimated: true,
        out_of_retries: true,
        first_content_us: Some(21_345),
        duration_us: 81_501,
    };
    insta::assert_snapshot!(written([record]));
}

#[test]
fn what_is_unknown_is_null_and_what_a_client_sends_cannot_forge_a_line() {
    let record = Record {
        request_id: "req_02".to_owned(),
        method: "G\u{1b}[2J".to_owned(),
        path: "/v1/\n{\"time\":\"forged\"}\u{2028}".to_owned(),
        model: Some("é".repeat(1000)),
        status: 404,
        code: Some("not_found"),
        outcome: "refused",
        duration_us: u64::MAX,
        ..Record::default()
    };
    let text = written([record]);
    assert_eq!(text.lines().count(), 1);
    insta::assert_snapshot!(text);
}

#[test]
fn a_stalled_writer_costs_lines_that_are_counted_and_never_a_wait() {
    let (text, lines) = channel();
    let (permit, gate) = channel();
    let log = Log::start(Box::new(Pipe {
        text,
        gate: Some(gate),
    }))
    .unwrap();
    let pen = log.pen();
    let record = Record {
        request_id: "x".repeat(100),
        ..Record::default()
    };
    // Each line is longer than its id, so the page is full long before.
    let offered = PAGE_BYTES_MAX / 100;
    for _ in 0..offered {
        pen.write(&record);
    }
    let dropped = usize::try_from(log.dropped()).unwrap();
    assert!(dropped > 0 && dropped < offered, "{dropped} of {offered}");
    // The reader comes back: all that was not dropped arrives.
    for _ in 0..offered {
        permit.send(()).unwrap();
    }
    let mut seen = 0;
    while seen < offered - dropped {
        let text = String::from_utf8(lines.recv_timeout(WAIT).unwrap()).unwrap();
        seen += text.matches('\n').count();
    }
    assert_eq!(seen, offered - dropped);
}

#[test]
fn a_writer_that_fails_counts_its_lines_and_goes_on() {
    let (text, _lines) = channel();
    let (permit, gate) = channel();
    drop(permit); // every write fails
    let log = Log::start(Box::new(Pipe {
        text,
        gate: Some(gate),
    }))
    .unwrap();
    let pen = log.pen();
    pen.write(&Record::default());
    assert!(log.flush(WAIT));
    assert_eq!(log.dropped(), 1);
    for _ in 0..3 {
        pen.write(&Record::default());
    }
    assert!(log.flush(WAIT));
    assert_eq!(log.dropped(), 4);
}

#[test]
fn every_worker_writes_on_a_page_of_its_own_and_no_line_is_lost_or_torn() {
    let (text, lines) = channel();
    let log = Log::start(Box::new(Pipe { text, gate: None })).unwrap();
    let workers: Vec<_> = (0..4)
        .map(|worker| {
            let pen = log.pen();
            std::thread::spawn(move || {
                for line in 0..500 {
                    pen.write(&Record {
                        request_id: format!("{worker}-{line}"),
                        ..Record::default()
                    });
                }
            })
        })
        .collect();
    for worker in workers {
        worker.join().unwrap();
    }
    assert!(log.flush(WAIT));
    assert_eq!(log.dropped(), 0);
    let text = String::from_utf8(lines.try_iter().flatten().collect()).unwrap();
    let id = |line: &str| {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        line["request_id"].as_str().unwrap().to_owned()
    };
    let mut seen: Vec<String> = text.lines().map(id).collect();
    for worker in 0..4 {
        let own: Vec<String> = (0..500).map(|line| format!("{worker}-{line}")).collect();
        let begins = format!("{worker}-");
        let of_worker = seen.extract_if(.., |id| id.starts_with(&begins));
        assert_eq!(of_worker.collect::<Vec<_>>(), own, "in their order");
    }
    assert!(seen.is_empty());
}

#[test]
fn the_writer_ends_with_the_last_pen_and_writes_what_is_left() {
    let (text, lines) = channel();
    let log = Log::start(Box::new(Pipe { text, gate: None })).unwrap();
    let pen = log.pen();
    drop(log);
    pen.write(&Record::default());
    drop(pen);
    let text: Vec<u8> = lines.iter().flatten().collect(); // ends when the writer has let go
    assert!(text.ends_with(b"}\n"));
}
