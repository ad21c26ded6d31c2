//! Where results go, in which form and with which colours.

use std::io::{self, IsTerminal as _, Write as _};

use claw_lang::report::Report;
use claw_lang::report::human::Style;
use serde::Serialize;

use crate::args::{Color, Format};
use crate::trouble::Trouble;

/// Standard output and standard error of one run.
#[derive(Debug)]
pub(crate) struct Output {
    pub(crate) format: Format,
    color: Color,
}

/// One of the two streams.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stream {
    /// What was asked for.
    Result,
    /// What is said beside it.
    Aside,
}

impl Output {
    pub(crate) fn new(format: Format, color: Color) -> Self {
        Self { format, color }
    }

    /// Writes what was asked for.
    pub(crate) fn result(text: &str) -> Result<(), Trouble> {
        Self::bytes(text.as_bytes())
    }

    /// Writes bytes to standard output, all of them or an error.
    pub(crate) fn bytes(bytes: &[u8]) -> Result<(), Trouble> {
        let mut out = io::stdout().lock();
        out.write_all(bytes)
            .and_then(|()| out.flush())
            .map_err(Trouble::Write)
    }

    /// Writes a value as one JSON text.
    pub(crate) fn json(value: &impl Serialize) -> Result<(), Trouble> {
        let text =
            serde_json::to_string_pretty(value).map_err(|error| Trouble::Write(error.into()))?;
        Self::result(&format!("{text}\n"))
    }

    /// Writes the findings of a run.
    pub(crate) fn report(&self, report: &Report, stream: Stream) -> Result<(), Trouble> {
        let text = match self.format {
            Format::Human => report.drawn(self.style(stream)),
            Format::Plain => report.plain(),
            Format::Json => format!("{}\n", report.json()),
        };
        match stream {
            Stream::Result => Self::result(&text),
            Stream::Aside => io::stderr()
                .write_all(text.as_bytes())
                .map_err(Trouble::Write),
        }
    }

    /// Says why nothing was done. There is nobody left to tell if this fails.
    pub(crate) fn trouble(trouble: &Trouble) {
        let _ = writeln!(io::stderr(), "clawc: {trouble}");
    }
}

/// Says something beside the result, to whoever sits before the terminal.
pub(crate) fn hint(text: &str) {
    let _ = writeln!(io::stderr(), "clawc: {text}");
}

/// Whether the environment holds this variable with any text in it, as the conventions for colours
/// want it.
fn is_set(name: &str) -> bool {
    std::env::var_os(name).is_some_and(|value| !value.is_empty())
}

impl Output {
    fn style(&self, stream: Stream) -> Style {
        let is_terminal = match stream {
            Stream::Result => io::stdout().is_terminal(),
            Stream::Aside => io::stderr().is_terminal(),
        };
        let colored = match self.color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto if is_set("NO_COLOR") => false,
            Color::Auto if is_set("CLICOLOR_FORCE") => true,
            Color::Auto => {
                is_terminal && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
            }
        };
        if colored {
            Style::Colours
        } else {
            Style::Plain
        }
    }
}
