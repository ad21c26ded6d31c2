//! What the demo shows, in colour where the terminal takes it.

use std::fmt::Display;
use std::io::{self, Write as _};

use super::ask::Answer;
use super::house::{House, Record};

/// Writes to standard output. A reader who has seen enough is no fault.
#[derive(Debug)]
pub(super) struct Paint {
    dim: &'static str,
    bold: &'static str,
    good: &'static str,
    bad: &'static str,
    end: &'static str,
}

impl Paint {
    pub(super) fn coloured() -> Self {
        Self {
            dim: "\x1b[2m",
            bold: "\x1b[1m",
            good: "\x1b[32m",
            bad: "\x1b[31m",
            end: "\x1b[0m",
        }
    }

    pub(super) fn plain() -> Self {
        Self {
            dim: "",
            bold: "",
            good: "",
            bad: "",
            end: "",
        }
    }

    pub(super) fn title(&self, house: &House) {
        let Self { dim, bold, end, .. } = self;
        line(format_args!(
            "\n{bold}claw{end}  two simulated providers, one policy, one gateway\n"
        ));
        self.field("gateway", format_args!("http://{}/v1", house.gateway));
        self.field("admin", format_args!("http://{}", house.admin));
        self.field(
            "primary",
            format_args!("{} {dim}simulated{end}", house.primary.url()),
        );
        self.field(
            "backup",
            format_args!("{} {dim}simulated{end}", house.backup.url()),
        );
        self.field(
            "policy",
            format_args!(
                "{} {dim}a copy of examples/quickstart{end}",
                house.policy.display()
            ),
        );
    }

    fn field(&self, name: &str, value: impl Display) {
        let Self { dim, end, .. } = self;
        line(format_args!("  {dim}{name:8}{end} {value}"));
    }

    pub(super) fn scene(&self, number: usize, title: &str) {
        let Self { bold, end, .. } = self;
        line(format_args!("\n{bold}{number}  {title}{end}\n"));
    }

    pub(super) fn question(&self, question: &str) {
        let Self { dim, end, .. } = self;
        line(format_args!("   {dim}you{end}      {question}"));
        piece(format_args!("   {dim}answer{end}   "));
    }

    /// A piece of the answer, as soon as it is there.
    pub(super) fn word(text: &str) {
        piece(text);
    }

    pub(super) fn ending(&self, answer: &Answer) {
        let Self { dim, bad, end, .. } = self;
        match &answer.error {
            None => line(""),
            Some((code, message)) => {
                line(format_args!(" {bad}…{end}"));
                line(format_args!(
                    "   {dim}error{end}    {bad}{code}{end}: {message}"
                ));
            }
        }
    }

    /// Who decided what, and how it went.
    pub(super) fn decision(&self, record: &Record, house: &House) {
        let Self { dim, end, .. } = self;
        let arm = record.text("/arm");
        let (class, place) = (record.text("/class"), house.place(arm));
        line(format_args!(
            "   {dim}class{end}    {class} {dim}by arm {arm}, {place}{end}"
        ));
        line(format_args!(
            "   {dim}tried{end}    {}",
            self.attempts(record)
        ));
        line(format_args!("   {dim}usage{end}    {}", self.usage(record)));
        let digest: String = record.text("/policy").chars().take(16).collect();
        line(format_args!(
            "   {dim}policy{end}   {digest}… {dim}{}{end}",
            record.text("/request_id")
        ));
    }

    fn usage(&self, record: &Record) -> String {
        let Self { dim, end, .. } = self;
        let tokens = |name: &str| record.number(&format!("/tokens/{name}"));
        let first = record.number("/first_content_ms").unwrap_or_default();
        let first = format!("{dim}first word after {first} ms{end}");
        match (tokens("input"), tokens("output")) {
            (Some(input), Some(output)) => format!("{input} tokens in, {output} out {first}"),
            // Unknown is not zero.
            _ => format!("not reported {first}"),
        }
    }

    fn attempts(&self, record: &Record) -> String {
        let Self { good, bad, end, .. } = self;
        let tried = record
            .attempts()
            .into_iter()
            .map(|(target, cause)| match cause {
                Some(cause) => format!("{target} {bad}{cause}{end}"),
                None => format!("{target} {good}served{end}"),
            });
        tried.collect::<Vec<_>>().join(", then ")
    }

    pub(super) fn remark(&self, text: &str) {
        let Self { good, end, .. } = self;
        line(format_args!("\n   {good}✓{end} {text}"));
    }

    pub(super) fn fault(&self, text: &str) {
        let Self { bad, end, .. } = self;
        line(format_args!("\n   {bad}✗ {text}{end}"));
    }

    pub(super) fn end(&self) {
        let Self { good, end, .. } = self;
        line(format_args!("\n{good}every step went as it should{end}\n"));
    }

    pub(super) fn invitation(&self, house: &House) {
        let Self { dim, bold, end, .. } = self;
        let url = format!("http://{}/v1/chat/completions", house.gateway);
        let body =
            r#"{"model":"main","stream":true,"messages":[{"role":"user","content":"hello"}]}"#;
        line(format_args!(
            "\n{bold}Your turn{end}  both providers are up again; end with ctrl-c\n"
        ));
        line("   ask() {");
        line(format_args!(
            "     curl -N {url} -H 'content-type: application/json' \\"
        ));
        line(format_args!("       -d '{body}' \"$@\""));
        line("   }");
        let own = std::env::args().next().unwrap_or("clawgate".to_owned());
        let admin = format!("http://{}", house.admin);
        let show =
            |command: &str, why: &str| line(format_args!("   {command:44} {dim}# {why}{end}"));
        show("ask", "an answer");
        show(
            "ask -H 'x-sim: primary: 503'",
            "the primary fails, the backup answers",
        );
        show(
            "ask -H 'x-sim: cut after 5'",
            "cut in mid-answer: an error, no [DONE]",
        );
        show("ask -H 'x-team: ml'", "refused by the policy");
        show(&format!("curl {admin}/policy"), "what is in force");
        show(&format!("curl {admin}/metrics"), "counters");
        show(
            &format!("{own} sim --list"),
            "every fault that fits behind x-sim",
        );
        line(format_args!(
            "\n   {dim}Edit {} and the gateway follows; break it and it keeps what it has.{end}\n",
            house.policy.display()
        ));
    }

    /// One line for a request of the reader's own.
    pub(super) fn record(&self, record: &Record, house: &House) {
        let Self { dim, bad, end, .. } = self;
        // A path is the client's own text; it must not steer the terminal.
        let path = record.text("/path").replace(char::is_control, "?");
        let mut told = format!(
            "{dim}{path}{end} {}",
            record.number("/status").unwrap_or_default()
        );
        let (code, class, arm) = (
            record.text("/code"),
            record.text("/class"),
            record.text("/arm"),
        );
        if !code.is_empty() {
            told.extend([" ", bad, code, end]);
        }
        if !class.is_empty() {
            told.extend([" class ", class]);
        }
        if !arm.is_empty() {
            told.extend([" ", dim, "by arm ", arm, ", ", house.place(arm), end]);
        }
        line(format_args!("   {told} {}", self.attempts(record)));
    }

    /// A policy that was taken or refused after the reader changed it.
    pub(super) fn policy(&self, change: &Record) {
        let Self {
            bold,
            good,
            bad,
            end,
            ..
        } = self;
        if change.text("/result") == "refused" {
            line(format_args!(
                "   {bad}policy refused{end}, the one in force stays\n"
            ));
            let shown = match change.text("/diagnostics/text") {
                "" => change.text("/text"),
                text => text,
            };
            line(shown.trim_end());
        } else {
            let digest: String = change.text("/digest").chars().take(16).collect();
            line(format_args!(
                "   {good}policy taken{end} {bold}{digest}…{end}"
            ));
        }
    }
}

fn line(text: impl Display) {
    let _ = writeln!(io::stdout(), "{text}");
}

fn piece(text: impl Display) {
    let mut out = io::stdout();
    let _ = write!(out, "{text}").and_then(|()| out.flush());
}
