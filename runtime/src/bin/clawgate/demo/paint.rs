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
        let tokens = |name: &str| {
            record
                .number(&format!("/tokens/{name}"))
                .unwrap_or("?".to_owned())
        };
        let (input, output) = (tokens("input"), tokens("output"));
        let first = record.number("/first_content_ms").unwrap_or("?".to_owned());
        line(format_args!(
            "   {dim}usage{end}    {input} tokens in, {output} out {dim}first word after {first} ms{end}"
        ));
        let digest: String = record.text("/policy").chars().take(16).collect();
        line(format_args!(
            "   {dim}policy{end}   {digest}… {dim}{}{end}",
            record.text("/request_id")
        ));
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

    pub(super) fn end(&self) {
        let Self { good, end, .. } = self;
        line(format_args!("\n{good}every step went as it should{end}\n"));
    }

    pub(super) fn invitation(&self, house: &House) {
        let Self { dim, bold, end, .. } = self;
        let url = format!("http://{}/v1/chat/completions", house.gateway);
        let json = "-H 'content-type: application/json'";
        let body =
            r#"-d '{"model":"main","stream":true,"messages":[{"role":"user","content":"hello"}]}'"#;
        line(format_args!(
            "\n{bold}Your turn{end}  both providers are up again; end with ctrl-c\n"
        ));
        for (title, extra) in [
            ("an answer", ""),
            (
                "the primary fails, the backup answers",
                " -H 'x-sim: primary: 503'",
            ),
            (
                "both break off in mid-answer: an error, no [DONE]",
                " -H 'x-sim: cut after 5'",
            ),
            ("refused by the policy", " -H 'x-team: ml'"),
        ] {
            line(format_args!("   {dim}# {title}{end}"));
            line(format_args!("   curl -N {url} {json}{extra} {body}"));
        }
        line(format_args!("   {dim}# what is in force; counters{end}"));
        line(format_args!(
            "   curl http://{0}/policy; curl http://{0}/metrics",
            house.admin
        ));
        line(format_args!(
            "   {dim}# every fault that fits behind x-sim{end}"
        ));
        line("   clawgate sim --list");
        line(format_args!(
            "\n   {dim}Edit {} and the gateway follows; break it and it keeps what it has.{end}\n",
            house.policy.display()
        ));
    }

    /// One line for a request of the reader's own.
    pub(super) fn record(&self, record: &Record, house: &House) {
        let Self { dim, bad, end, .. } = self;
        let (class, arm) = (record.text("/class"), record.text("/arm"));
        let place = house.place(arm);
        let (path, code) = (record.text("/path"), record.text("/code"));
        let decided = if class.is_empty() {
            format!("arm {arm}")
        } else {
            format!("class {class}")
        };
        let told = if code.is_empty() {
            String::new()
        } else {
            format!(" {bad}{code}{end}")
        };
        let status = record.number("/status").unwrap_or_default();
        let attempts = self.attempts(record);
        line(format_args!(
            "   {dim}{path}{end} {status}{told} {decided} {dim}{place}{end} {attempts}"
        ));
    }
}

fn line(text: impl Display) {
    let _ = writeln!(io::stdout(), "{text}");
}

fn piece(text: impl Display) {
    let mut out = io::stdout();
    let _ = write!(out, "{text}").and_then(|()| out.flush());
}
