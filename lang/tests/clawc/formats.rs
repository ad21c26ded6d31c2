//! Every format of `clawc check` says the same: each is read back and compared with the JSON.

#[path = "formats/schema.rs"]
mod schema;
#[path = "formats/xml.rs"]
pub(crate) mod xml;

use std::collections::BTreeMap;

use claw_lang::codes::{Code, Severity};
use claw_lang::{Report, Source, compile};
use serde_json::{Value, json};

use crate::frame::{blocks, complete};
use crate::run::{SOUND, clawc, folder, misspelt};
use xml::Element;

/// What every format tells of a finding. The end is missing where a format has no place for it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Told {
    code: String,
    severity: String,
    file: String,
    at: (u64, u64),
    end: Option<(u64, u64)>,
    message: String,
}

/// A path with everything that some format has to escape.
const HOSTILE: &str = "my policy/a,b:c%2C<&>\"'é=#::é\u{1}\n.claw";

/// One report for each page of a diagnostic, and one with several files and a hostile path.
fn reports() -> Vec<Report> {
    let mut found: Vec<Report> = Code::ALL
        .iter()
        .flat_map(|code| blocks(code.page()))
        .filter(|block| block.info.starts_with("claw"))
        .map(|block| compile(complete(&block)).report)
        .collect();
    let source = |path: &str, text: &str| Source {
        path: path.into(),
        text: text.into(),
    };
    found.push(
        compile(vec![
            source(HOSTILE, &misspelt().replace("too long", "<tée> & 100%")),
            source("sound.claw", "let spare = \"x\"\n"),
            source("z.claw", "class \u{202e} {\nroute {}\n"),
        ])
        .report,
    );
    found
}

fn told_by_json(report: &Report) -> Vec<Told> {
    let whole: Value = serde_json::from_str(&report.json()).unwrap();
    let findings = whole["findings"].as_array().unwrap();
    let number = |value: &Value| value.as_u64().unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    findings
        .iter()
        .map(|found| {
            let label = &found["labels"][0];
            Told {
                code: text(&found["code"]),
                severity: text(&found["severity"]),
                file: text(&label["file"]),
                at: (number(&label["line"]), number(&label["column"])),
                end: Some((number(&label["end_line"]), number(&label["end_column"]))),
                message: text(&found["message"]),
            }
        })
        .collect()
}

/// `file:line:column: severity code: message`, each part taken from where it can be told apart.
fn told_by_line(line: &str) -> Option<Told> {
    let (place, rest, severity) = ["error", "warning", "note"].into_iter().find_map(|word| {
        let (place, rest) = line.split_once(&format!(": {word} C"))?;
        Some((place, rest, word))
    })?;
    let (code, message) = rest.split_once(": ")?;
    let mut place = place.rsplitn(3, ':');
    let column = place.next()?.parse().ok()?;
    let line = place.next()?.parse().ok()?;
    Some(Told {
        code: format!("C{code}"),
        severity: severity.into(),
        file: place.next()?.into(),
        at: (line, column),
        end: None,
        message: message.into(),
    })
}

/// [`HOSTILE`] as a line spells it.
fn spelt(path: &str) -> String {
    in_xml(path).replace('\n', "\\n")
}

/// [`HOSTILE`] as XML gives it back: a line end can be written there, other control characters not.
fn in_xml(path: &str) -> String {
    path.replace('\u{1}', "\\u{1}")
}

#[test]
fn plain_lines_say_what_the_json_says() {
    for report in reports() {
        let mut due = told_by_json(&report);
        for told in &mut due {
            told.file = spelt(&told.file);
            told.end = None;
        }
        let plain = report.plain();
        let told: Vec<Told> = plain.lines().filter_map(told_by_line).collect();
        assert_eq!(told, due, "{plain}");
        // Every line stands for itself: a place, or the count at the end.
        let (last, lines) = plain.lines().collect::<Vec<_>>().split_last().map_or_else(
            || panic!("nothing was written"),
            |(last, lines)| (last.to_string(), lines.to_vec()),
        );
        assert_eq!(last, report.summary());
        let files: Vec<String> = report.sources().iter().map(|s| spelt(&s.path)).collect();
        for line in lines {
            assert!(
                files.iter().any(|f| line.starts_with(&format!("{f}:"))),
                "{line}"
            );
            assert!(!line.contains(['│', '╭', '^', '\u{1b}']), "{line}");
        }
    }
}

#[test]
fn github_commands_say_what_the_json_says() {
    for report in reports() {
        let mut due = told_by_json(&report);
        for told in &mut due {
            // The runner refuses columns over several lines.
            if told.end.is_some_and(|(line, _)| line != told.at.0) {
                told.at.1 = 0;
                told.end = told.end.map(|(line, _)| (line, 0));
            }
        }
        let written = report.github();
        let told: Vec<Told> = written.lines().map(told_by_command).collect();
        assert_eq!(told, due, "{written}");
    }
}

/// Reads a workflow command as the runner does: up to the second `::`, then properties by comma.
fn told_by_command(line: &str) -> Told {
    let (command, data) = line
        .strip_prefix("::")
        .and_then(|rest| rest.split_once("::"))
        .expect(line);
    let (severity, properties) = command.split_once(' ').expect(line);
    let properties: BTreeMap<&str, String> = properties
        .split(',')
        .map(|pair| pair.split_once('=').expect(line))
        .map(|(name, value)| (name, unescaped(value)))
        .collect();
    let number = |name: &str| properties.get(name).map_or(0, |n| n.parse().unwrap());
    let message = unescaped(data);
    Told {
        code: properties["title"][..5].to_owned(),
        severity: severity.replace("notice", "note"),
        file: properties["file"].clone(),
        at: (number("line"), number("col")),
        end: Some((number("endLine"), number("endColumn"))),
        message: message.lines().next().unwrap().to_owned(),
    }
}

fn unescaped(text: &str) -> String {
    let mut text = text.to_owned();
    for (from, to) in [("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ",")] {
        text = text.replace(from, to);
    }
    text.replace("%25", "%")
}

#[test]
fn junit_says_what_the_json_says_and_a_file_without_findings_passes() {
    for report in reports() {
        for heavy in [Severity::Error, Severity::Warning] {
            let mut due = told_by_json(&report);
            for told in &mut due {
                told.file = in_xml(&told.file);
                told.end = None;
            }
            let written = report.junit(heavy);
            let root = xml::read(&written);
            assert_eq!(root.name, "testsuites");
            let suites: Vec<&Element> = root.below("testsuite").collect();
            let names: Vec<&str> = suites.iter().map(|suite| suite.at("name")).collect();
            let files: Vec<String> = report.sources().iter().map(|s| in_xml(&s.path)).collect();
            assert_eq!(names, files, "one suite for each file");
            let mut told = Vec::new();
            let mut failures = 0;
            for suite in &suites {
                let cases: Vec<&Element> = suite.below("testcase").collect();
                let failed = cases.iter().filter(|case| case.has("failure")).count();
                assert_eq!(suite.at("tests"), cases.len().to_string());
                assert_eq!(suite.at("failures"), failed.to_string());
                failures += failed;
                told.extend(cases.iter().filter_map(|case| told_by_case(case)));
            }
            assert_eq!(root.at("failures"), failures.to_string());
            assert_eq!(told, due, "{written}");
            let weighed = match heavy {
                Severity::Error => report.errors(),
                Severity::Warning => report.errors() + report.warnings(),
                Severity::Note => report.errors() + report.warnings() + report.notes(),
            };
            assert_eq!(
                failures, weighed,
                "what fails is what makes the exit code 1"
            );
        }
    }
}

fn told_by_case(case: &Element) -> Option<Told> {
    let body = case
        .below("failure")
        .chain(case.below("system-out"))
        .next()?;
    let mut told = told_by_line(body.text.lines().next().unwrap()).unwrap();
    if body.name == "failure" {
        assert_eq!(body.at("type"), told.severity);
        body.at("message").clone_into(&mut told.message);
    }
    case.at("file").clone_into(&mut told.file);
    assert_eq!(case.at("line"), told.at.0.to_string());
    Some(told)
}

#[test]
fn sarif_says_what_the_json_says_and_obeys_its_schema() {
    for report in reports() {
        let log: Value = serde_json::from_str(&report.sarif()).unwrap();
        schema::validate(&log);
        let run = &log["runs"][0];
        assert_eq!(run["columnKind"], "unicodeCodePoints");
        let told: Vec<Told> = run["results"]
            .as_array()
            .unwrap()
            .iter()
            .map(|result| told_by_result(result, run))
            .collect();
        assert_eq!(told, told_by_json(&report));
        let whole: Value = serde_json::from_str(&report.json()).unwrap();
        for (at, found) in whole["findings"].as_array().unwrap().iter().enumerate() {
            same_edits_and_places(found, &run["results"][at]);
        }
    }
}

fn told_by_result(result: &Value, run: &Value) -> Told {
    let rule = &run["tool"]["driver"]["rules"]
        [usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap()];
    assert_eq!(rule["id"], result["ruleId"]);
    let code = Code::named(rule["id"].as_str().unwrap()).unwrap();
    assert_eq!(rule["help"]["markdown"], code.page());
    assert_eq!(rule["shortDescription"]["text"], code.title());
    let place = &result["locations"][0]["physicalLocation"];
    let region = |name: &str| place["region"][name].as_u64().unwrap();
    let message = result["message"]["text"].as_str().unwrap();
    Told {
        code: code.id().to_owned(),
        severity: result["level"].as_str().unwrap().to_owned(),
        file: path(place["artifactLocation"]["uri"].as_str().unwrap()),
        at: (region("startLine"), region("startColumn")),
        end: Some((region("endLine"), region("endColumn"))),
        message: message.lines().next().unwrap().to_owned(),
    }
}

/// The bytes of each place, the other places, and the edit.
fn same_edits_and_places(found: &Value, result: &Value) {
    let bytes = |label: &Value| {
        let (start, end) = (&label["start_byte"], &label["end_byte"]);
        json!([start, end.as_u64().unwrap() - start.as_u64().unwrap()])
    };
    let region = |region: &Value| json!([region["byteOffset"], region["byteLength"]]);
    let none = Vec::new();
    let related = result["relatedLocations"].as_array().unwrap_or(&none);
    let told: Vec<Value> = std::iter::once(&result["locations"][0])
        .chain(related)
        .map(|place| {
            let said = place["message"]["text"].as_str().unwrap_or_default();
            json!([region(&place["physicalLocation"]["region"]), said])
        })
        .collect();
    let labels = found["labels"].as_array().unwrap().iter();
    let due: Vec<Value> = labels.map(|l| json!([bytes(l), l["text"]])).collect();
    assert_eq!(told, due);
    let edit = &result["fixes"][0]["artifactChanges"][0]["replacements"][0];
    if found["fix"].is_null() {
        assert!(edit.is_null());
    } else {
        assert_eq!(region(&edit["deletedRegion"]), bytes(&found["fix"]));
        assert_eq!(edit["insertedContent"]["text"], found["fix"]["replacement"]);
    }
}

/// A URI reference as a path.
fn path(uri: &str) -> String {
    let uri = uri.strip_prefix("file://").unwrap_or(uri).as_bytes();
    let mut bytes = Vec::new();
    let mut at = 0;
    while at < uri.len() {
        if uri[at] == b'%' {
            let hex = std::str::from_utf8(&uri[at + 1..at + 3]).unwrap();
            bytes.push(u8::from_str_radix(hex, 16).unwrap());
            at += 3;
        } else {
            bytes.push(uri[at]);
            at += 1;
        }
    }
    String::from_utf8(bytes).unwrap()
}

#[test]
fn a_finding_keeps_its_fingerprint_when_lines_above_it_come_and_go() {
    let prints = |text: &str| {
        let log: Value = serde_json::from_str(
            &compile(vec![Source {
                path: "shop.claw".into(),
                text: text.into(),
            }])
            .report
            .sarif(),
        )
        .unwrap();
        let results = log["runs"][0]["results"].as_array().unwrap().clone();
        let print = |result: &Value| result["partialFingerprints"]["clawFinding/v1"].clone();
        results.iter().map(print).collect::<Vec<Value>>()
    };
    let twice = misspelt().replace("-> code\n", "-> coed\n");
    let found = prints(&twice);
    assert_eq!(found, prints(&format!("# one\n# two\n{twice}")));
    assert!(found.len() >= 2 && found[0] != found[1], "{found:?}");
}

/// A report keeps a bounded number of findings; no format may make the rest look like none.
#[test]
fn findings_beyond_the_bound_are_counted_in_every_format() {
    let report = compile(vec![Source {
        path: "shop.claw".into(),
        text: "bogus\n".repeat(10_050),
    }])
    .report;
    let left = report.errors() - report.diagnostics().len();
    assert!(left > 0);
    let plain = report.plain();
    let last: Vec<&str> = plain.lines().rev().take(2).collect();
    assert_eq!(last[0], report.summary());
    assert_eq!(last[1], format!("{left} more are counted, not shown"));
    let github = report.github();
    let last = github.lines().last().unwrap();
    assert_eq!(last, format!("::notice::{left} more findings"));
    let log: Value = serde_json::from_str(&report.sarif()).unwrap();
    schema::validate(&log);
    let note = &log["runs"][0]["invocations"][0]["toolExecutionNotifications"][0];
    let said = note["message"]["text"].as_str().unwrap();
    assert!(said.starts_with(&format!("{left} more findings")), "{said}");
    let suites = xml::read(&report.junit(Severity::Error));
    let listed = report.diagnostics().len();
    assert_eq!(suites.at("failures"), (listed + 1).to_string());
    let last = suites.below("testsuite").last().unwrap();
    let more = last.below("testcase").next().unwrap();
    let said = &more.below("failure").next().unwrap().text;
    assert_eq!(*said, format!("{left} more are counted, not shown"));
}

#[test]
fn a_sound_policy_is_silence_for_people_and_an_answer_for_programs() {
    let home = folder(&[("p/shop.claw", SOUND)]);
    let check = |format: &str| {
        let ran = clawc(home.path(), &["check", "p", "--format", format], "");
        assert_eq!((ran.code, &*ran.err), (0, ""), "{format}");
        ran.out
    };
    assert_eq!(check("plain"), "");
    assert_eq!(check("github"), "");
    let log: Value = serde_json::from_str(&check("sarif")).unwrap();
    schema::validate(&log);
    assert_eq!(log["runs"][0]["results"], json!([]));
    let suites = xml::read(&check("junit"));
    assert_eq!((suites.at("tests"), suites.at("failures")), ("1", "0"));
}

#[test]
fn each_format_is_written_by_the_command_and_ends_as_the_findings_weigh() {
    let home = folder(&[("p/shop.claw", &misspelt())]);
    for format in ["plain", "github", "junit", "sarif"] {
        let ran = clawc(home.path(), &["check", "p", "--format", format], "");
        assert_eq!((ran.code, &*ran.err), (1, ""), "{format}");
        if format == "sarif" {
            schema::validate(&serde_json::from_str(&ran.out).unwrap());
        } else {
            insta::assert_snapshot!(format!("a_finding_in_{format}"), ran.out);
        }
    }
    let text = format!("{SOUND}class spare {{ primary a/y }}\n");
    let fails = |more: &[&str]| {
        let args = ["check", "-", "--format", "junit"];
        let ran = clawc(home.path(), &[&args, more].concat(), &text);
        (ran.code, xml::read(&ran.out).at("failures").to_owned())
    };
    assert_eq!(fails(&[]), (0, "0".to_owned()));
    assert_eq!(fails(&["--deny", "warnings"]), (1, "1".to_owned()));
}

#[test]
fn other_commands_refuse_the_formats_of_findings_and_say_which_they_have() {
    let home = folder(&[("p/shop.claw", SOUND)]);
    for args in [
        &["build", "p", "--format", "sarif"][..],
        &["explain", "C0201", "--format", "junit"],
        &["explain", "request", "-", "p", "--format", "github"],
    ] {
        let ran = clawc(home.path(), args, "");
        assert_eq!((ran.code, &*ran.out), (2, ""), "{args:?}");
        assert!(
            ran.err.contains("possible values: human, plain, json"),
            "{}",
            ran.err
        );
    }
}
