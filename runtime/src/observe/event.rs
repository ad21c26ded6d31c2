//! What happened to the gateway itself: started, reloaded, refused a policy, stopped.

use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};

use serde::Serialize;
use serde_json::Value;

use super::json::line;
use super::stamp::rfc3339;

/// Writes each event as one JSON line, at once. Only the background thread and the main thread
/// have one: a stalled reader of these lines never holds up a request.
#[derive(Clone)]
pub struct Events {
    out: Arc<Mutex<Box<dyn Write + Send>>>,
}

impl Events {
    /// Events go to this writer.
    pub fn new(out: Box<dyn Write + Send>) -> Self {
        Self {
            out: Arc::new(Mutex::new(out)),
        }
    }

    /// Writes `{"time":…,"event":NAME, fields…}`.
    pub fn tell(&self, at_ms: u64, event: &str, fields: Value) {
        let whole = Line {
            time: rfc3339(at_ms),
            event,
            fields,
        };
        let whole = line(&whole) + "\n";
        let mut out = self.out.lock().unwrap_or_else(PoisonError::into_inner);
        // In one piece, so that lines of two processes do not mix. If even this cannot be written
        // there is nobody left to tell; /policy and metrics still do.
        let _told = out.write_all(whole.as_bytes()).and_then(|()| out.flush());
    }
}

#[derive(Serialize)]
struct Line<'e> {
    time: String,
    event: &'e str,
    #[serde(flatten)]
    fields: Value,
}

impl std::fmt::Debug for Events {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Events").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Sender, channel};

    use serde_json::json;

    use super::Events;

    struct Sent(Sender<Vec<u8>>);

    impl std::io::Write for Sent {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.send(bytes.to_vec()).unwrap();
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn an_event_is_one_line_that_begins_with_time_and_name() {
        let (sender, written) = channel();
        let events = Events::new(Box::new(Sent(sender)));
        events.tell(0, "reload", json!({ "result": "kept\nold", "code": "x" }));
        let text: Vec<u8> = written.try_iter().flatten().collect();
        insta::assert_snapshot!(
            String::from_utf8(text).unwrap(),
            @r#"{"time":"1970-01-01T00:00:00.000Z","event":"reload","code":"x","result":"kept\nold"}"#
        );
    }
}
