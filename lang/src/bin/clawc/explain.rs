//! `clawc explain`: what a code means, why a request goes where it goes, what a class can cost.

use std::fmt::Write as _;

use claw_lang::codes::Code;
use claw_lang::explain::{Compared, class, class_human, explain, human, nearest_code};
use claw_lang::request::{self, REQUEST_BYTES_MAX};
use claw_table::Table;
use serde::Serialize;

use crate::Verdict;
use crate::args::{Class, Explain, Format, Request, What};
use crate::input::{Input, is_standard, text};
use crate::output::{Output, Stream};
use crate::trouble::Trouble;

pub(crate) fn run(args: Explain, output: &mut Output) -> Result<Verdict, Trouble> {
    match (args.what, args.code) {
        (Some(What::Request(args)), _) => of_request(&args, output),
        (Some(What::Class(args)), _) => of_class(&args, output),
        (None, Some(id)) => of_code(&id, output),
        (None, None) => every_code(output),
    }
}

/// One diagnostic, as programs read it.
#[derive(Debug, Serialize)]
struct Page {
    code: &'static str,
    severity: &'static str,
    title: &'static str,
    #[serde(rename = "page", skip_serializing_if = "Option::is_none")]
    text: Option<&'static str>,
}

impl Page {
    fn of(code: Code) -> Self {
        let (severity, title) = (code.severity().word(), code.title());
        Self {
            code: code.id(),
            severity,
            title,
            text: None,
        }
    }
}

fn of_code(id: &str, output: &mut Output) -> Result<Verdict, Trouble> {
    let Some(code) = Code::named(id) else {
        let near = nearest_code(id).map(Code::id);
        return Err(Trouble::NoCode {
            code: id.to_owned(),
            near,
        });
    };
    match output.format {
        Format::Human | Format::Plain => Output::result(&format!("{}\n", code.page().trim_end()))?,
        Format::Json => Output::json(&Page {
            text: Some(code.page()),
            ..Page::of(code)
        })?,
    }
    Ok(Verdict::Clean)
}

fn every_code(output: &mut Output) -> Result<Verdict, Trouble> {
    let pages: Vec<Page> = Code::ALL.iter().copied().map(Page::of).collect();
    match output.format {
        Format::Human | Format::Plain => {
            let mut text = String::new();
            for Page {
                code,
                severity,
                title,
                ..
            } in pages
            {
                // Writing to a text cannot fail.
                let _ = writeln!(text, "{code}  {severity:<7}  {title}");
            }
            Output::result(&text)?;
        }
        Format::Json => Output::json(&pages)?,
    }
    Ok(Verdict::Clean)
}

/// Works on a policy whose proofs or tests fail too: that is when one asks.
fn of_request(args: &Request, output: &mut Output) -> Result<Verdict, Trouble> {
    if is_standard(&args.request) && args.policy.iter().any(|path| is_standard(path)) {
        return Err(Trouble::InputTwice);
    }
    let input = Input::read(&args.policy)?;
    let declared = claw_lang::declared(input.shown());
    let drafted = claw_lang::drafted(input.sources());
    let (Some(model), Some(bytes)) = (&declared.model, &drafted) else {
        output.report(&claw_lang::compile(input.shown()).report, Stream::Aside)?;
        return Ok(Verdict::Findings);
    };
    let table = Table::open(bytes).map_err(Trouble::Unsound)?;
    let written = text(&args.request, "the request", REQUEST_BYTES_MAX)?;
    let request = request::read_in(&written, model).map_err(|why| Trouble::Request {
        path: if is_standard(&args.request) {
            "<stdin>".into()
        } else {
            args.request.display().to_string()
        },
        why,
    })?;
    let policy = Compared {
        model,
        table: &table,
        report: &declared.report,
    };
    let explained = explain(policy, &request)?;
    match output.format {
        Format::Human | Format::Plain => Output::result(&human(&explained))?,
        Format::Json => Output::json(&explained)?,
    }
    Ok(Verdict::Clean)
}

/// Works on a policy whose proofs fail too: the figures tell why they do.
fn of_class(args: &Class, output: &mut Output) -> Result<Verdict, Trouble> {
    let input = Input::read(&args.policy)?;
    let declared = claw_lang::declared(input.shown());
    let Some(model) = &declared.model else {
        output.report(&declared.report, Stream::Aside)?;
        return Ok(Verdict::Findings);
    };
    let told = class(model, &args.name).map_err(|near| Trouble::NoClass {
        class: args.name.clone(),
        near: near.map(str::to_owned),
    })?;
    match output.format {
        Format::Human | Format::Plain => Output::result(&class_human(&told))?,
        Format::Json => Output::json(&told)?,
    }
    Ok(Verdict::Clean)
}
