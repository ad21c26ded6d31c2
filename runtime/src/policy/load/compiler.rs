//! From a folder to table bytes, in a process of its own.
//!
//! The compiler is this same binary, called as `clawgate compile FOLDER`. It gets no environment
//! and so no key, its time and its output are bounded, and whatever happens to it happens to it
//! alone.
//!
//! ```text
//! stdout:  {"table_bytes":N or null,"text":"…","diagnostics":…} LF  N bytes of table
//! ```

use std::ffi::OsString;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Diagnostics, Refusal};

/// How long one compilation may take.
pub const COMPILE_WAIT: Duration = Duration::from_secs(10);
/// Most bytes taken from a compiler: a table of 64 MiB and its findings.
const OUTPUT_BYTES_MAX: u64 = 80 * 1024 * 1024;
/// Most bytes of a broken compiler's last words.
const LAST_WORDS_BYTES_MAX: u64 = 4 * 1024;

/// What a compilation gave: table bytes where it found no error, and what it found.
#[derive(Debug, Clone, Default)]
pub struct Compiled {
    /// The table.
    pub table: Option<Vec<u8>>,
    /// Errors and warnings.
    pub found: Diagnostics,
}

/// How to start a compiler. It is given the folder as its last argument.
#[derive(Debug, Clone)]
pub struct Compiler {
    /// The program.
    pub program: PathBuf,
    /// What stands before the folder.
    pub arguments: Vec<OsString>,
    /// How long it may take.
    pub wait: Duration,
}

#[derive(Serialize, Deserialize)]
struct Head {
    table_bytes: Option<usize>,
    text: String,
    diagnostics: Value,
}

impl Compiler {
    /// This binary as its own compiler.
    pub fn own() -> io::Result<Self> {
        // The link leads to the binary that runs, even if an upgrade has put another in its place:
        // compiler and gateway are always of one version.
        let running = Path::new("/proc/self/exe");
        let program = if running.exists() {
            running.to_owned()
        } else {
            std::env::current_exe()?
        };
        Ok(Self {
            program,
            arguments: vec!["compile".into()],
            wait: COMPILE_WAIT,
        })
    }

    /// Compiles a folder. Blocks until the child ends or its time is up.
    pub fn compile(&self, folder: &Path) -> Result<Compiled, Refusal> {
        let broke = |what: String| Refusal::CompilerBroke {
            path: folder.to_owned(),
            what,
        };
        let mut child = Running::start(self, folder).map_err(|why| broke(why.to_string()))?;
        let output = match child.output.recv_timeout(self.wait) {
            Ok(output) => output.map_err(|why| broke(why.to_string()))?,
            Err(RecvTimeoutError::Timeout) => {
                return Err(Refusal::CompilerTimeout {
                    path: folder.to_owned(),
                    after: self.wait,
                });
            }
            Err(RecvTimeoutError::Disconnected) => return Err(broke("no output".to_owned())),
        };
        if output.len() as u64 > OUTPUT_BYTES_MAX {
            return Err(broke(format!(
                "more than {OUTPUT_BYTES_MAX} bytes of output"
            )));
        }
        // It has closed its output, so it is ending or dead; what is left is killed with `child`.
        Compiled::read(&output).ok_or_else(|| broke(child.last_words()))
    }
}

/// A compiler at work. Dropping it ends it.
struct Running {
    child: Child,
    output: Receiver<io::Result<Vec<u8>>>,
    words: Receiver<io::Result<Vec<u8>>>,
}

impl Running {
    fn start(compiler: &Compiler, folder: &Path) -> io::Result<Self> {
        let mut child = Command::new(&compiler.program)
            .args(&compiler.arguments)
            .arg(folder)
            .env_clear()
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
        // Made first, so that the child is ended if a thread cannot be had.
        let mut running = Self {
            child,
            output: channel().1,
            words: channel().1,
        };
        running.output = drain(stdout, OUTPUT_BYTES_MAX)?;
        running.words = drain(stderr, LAST_WORDS_BYTES_MAX)?;
        Ok(running)
    }

    /// How the child ended and what it said last.
    fn last_words(&mut self) -> String {
        let said = self.words.recv_timeout(Duration::from_secs(1));
        let said = said.ok().and_then(Result::ok).unwrap_or_default();
        let said = String::from_utf8_lossy(&said).trim().to_owned();
        let ended = self.end();
        let ended = ended.map_or_else(|why| why.to_string(), |status| status.to_string());
        if said.is_empty() {
            ended
        } else {
            format!("{ended}: {said}")
        }
    }

    fn end(&mut self) -> io::Result<ExitStatus> {
        if let Some(status) = self.child.try_wait()? {
            return Ok(status);
        }
        self.child.kill()?;
        self.child.wait()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // A child that cannot be killed is not ours any more.
        let _ended = self.end();
    }
}

/// Reads a pipe on a thread of its own: to its end, or one byte past the bound. Dropping the pipe
/// then stops a child that goes on writing.
fn drain<P: Read + Send + 'static>(
    pipe: Option<P>,
    bytes_max: u64,
) -> io::Result<Receiver<io::Result<Vec<u8>>>> {
    let (sender, receiver) = channel();
    let pipe = pipe.ok_or_else(|| io::Error::other("no pipe"))?;
    thread::Builder::new()
        .name("claw-compile".to_owned())
        .spawn(move || {
            let mut bytes = Vec::new();
            let read = pipe.take(bytes_max + 1).read_to_end(&mut bytes);
            // Nobody listens any more once the time was up.
            let _heard = sender.send(read.map(|_| bytes));
        })?;
    Ok(receiver)
}

impl Compiled {
    /// Compiles a folder here and now: what the child does.
    pub fn of_folder(folder: &Path) -> io::Result<Self> {
        let sources = claw_lang::read_folder(folder)?;
        let claw_lang::Compiled { table, report } = claw_lang::compile(sources);
        Ok(Self {
            table,
            found: Diagnostics::of(&report),
        })
    }

    /// Writes it as the gateway reads it.
    pub fn write(&self, out: &mut impl Write) -> io::Result<()> {
        let head = Head {
            table_bytes: self.table.as_ref().map(Vec::len),
            text: self.found.text.clone(),
            diagnostics: self.found.json.clone(),
        };
        serde_json::to_writer(&mut *out, &head)?;
        out.write_all(b"\n")?;
        out.write_all(self.table.as_deref().unwrap_or_default())?;
        out.flush()
    }

    fn read(output: &[u8]) -> Option<Self> {
        let end = memchr::memchr(b'\n', output)?;
        let (head, rest) = output.split_at_checked(end)?;
        let head: Head = serde_json::from_slice(head).ok()?;
        let rest = rest.get(1..)?;
        let table = match head.table_bytes {
            Some(length) if length == rest.len() => Some(rest.to_vec()),
            None if rest.is_empty() => None,
            _ => return None,
        };
        Some(Self {
            table,
            found: Diagnostics {
                text: head.text,
                json: head.diagnostics,
            },
        })
    }
}

impl Diagnostics {
    fn of(report: &claw_lang::Report) -> Self {
        if report.errors() + report.warnings() == 0 {
            return Self::default();
        }
        Self {
            text: report.human(),
            json: serde_json::from_str(&report.json()).unwrap_or_default(),
        }
    }
}
