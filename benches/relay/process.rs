//! Children of the bench: pinned, and ended whatever happens.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::Failure;

/// A child process that does not outlive this value.
pub(crate) struct Running {
    child: Child,
    output: Option<BufReader<std::process::ChildStdout>>,
}

impl Running {
    /// Starts a role of this binary, whose lines can be read.
    pub(crate) fn role(core: Option<usize>, words: &[&str]) -> Result<Running, Failure> {
        let mut command = pinned(core, std::env::current_exe()?);
        command
            .arg("role")
            .args(words)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        let mut child = command.spawn()?;
        let output = child.stdout.take().map(BufReader::new);
        Ok(Running { child, output })
    }

    /// Starts any other program, as the caller has set it up.
    pub(crate) fn start(mut command: Command) -> Result<Running, Failure> {
        Ok(Running {
            child: command.spawn()?,
            output: None,
        })
    }

    /// Its process id.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// The next line it prints.
    pub(crate) fn line(&mut self) -> Result<String, Failure> {
        let mut line = String::new();
        if let Some(output) = &mut self.output {
            output.read_line(&mut line)?;
        }
        if line.is_empty() {
            return Err("a process of the bench ended early; its message stands above".into());
        }
        Ok(line.trim_end().to_owned())
    }

    /// Writes a line to it.
    pub(crate) fn tell(&mut self, line: &str) -> Result<(), Failure> {
        let input = self
            .child
            .stdin
            .as_mut()
            .ok_or("the process has no standard input")?;
        writeln!(input, "{line}")?;
        Ok(input.flush()?)
    }

    /// Waits until `up` holds, or the process has ended, or ten seconds are over.
    pub(crate) fn wait_until(&mut self, mut up: impl FnMut() -> bool) -> Result<(), Failure> {
        let began = Instant::now();
        while !up() {
            if let Some(status) = self.child.try_wait()? {
                return Err(format!("it ended with {status}").into());
            }
            if began.elapsed() > Duration::from_secs(10) {
                return Err("it did not answer within 10 s".into());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It is asked first: one that is built to write down what it did does so at its end.
        let id = self.child.id().to_string();
        if Command::new("kill").arg(id).status().is_ok() {
            let began = Instant::now();
            while began.elapsed() < Duration::from_secs(2) {
                if matches!(self.child.try_wait(), Ok(Some(_))) {
                    return;
                }
                std::thread::sleep(Duration::from_millis(20));
            }
        }
        // It may have ended by itself; then there is nothing to kill.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A command that runs on one core, if there is one to give.
pub(crate) fn pinned(core: Option<usize>, program: impl AsRef<OsStr>) -> Command {
    let Some(core) = core else {
        return Command::new(program);
    };
    let mut command = Command::new("taskset");
    command.arg("-c").arg(core.to_string()).arg(program);
    command
}

/// Ends this process when the driver is gone, however it went: then its standard input closes.
pub(crate) fn end_with_driver() {
    std::thread::spawn(|| {
        let _ = std::io::stdin().lock().read_to_end(&mut Vec::new());
        std::process::exit(0);
    });
}
