//! `clawc doc`: the page says what the policy says, and no text of a policy gets out of its place.

use std::collections::BTreeSet;
use std::fs::File;
use std::process::Command;

use claw_lang::doc::{Block, Documented, Page, Run};
use claw_lang::{Source, check, compile};
use claw_table::Table;
use proptest::prelude::{ProptestConfig, Strategy, prop, proptest};

use crate::formats::xml;
use crate::root;
use crate::run::{HOSTILE, SOUND, clawc, folder, misspelt, without_digests};

fn page(text: &str) -> Page {
    let sources = vec![Source {
        path: "p.claw".into(),
        text: text.into(),
    }];
    let checked = check(sources.clone());
    let compiled = compile(sources);
    let table = compiled.table;
    let table = table.unwrap_or_else(|| panic!("{}", compiled.report.human()));
    Page::of(Documented {
        model: checked.model.as_ref().unwrap(),
        table: &Table::open(&table).unwrap(),
        report: &checked.report,
    })
}

/// Every piece of text on the page, in order, as a reader sees it.
fn texts(page: &Page) -> Vec<String> {
    let line = |runs: &Vec<Run>| -> String {
        let runs = runs.iter().map(|run| match run {
            Run::Words(text) | Run::Code(text) | Run::Link { words: text, .. } => spelt(text),
        });
        runs.collect::<String>().trim().to_owned()
    };
    let mut found = vec![page.title.clone()];
    for block in &page.blocks {
        match block {
            Block::Heading { words, .. } => found.push(words.clone()),
            Block::Paragraph(runs) => found.push(line(runs)),
            Block::List(items) => found.extend(items.iter().map(line)),
            Block::Table { head, rows } => {
                found.extend(head.iter().map(|cell| (*cell).to_owned()));
                found.extend(rows.iter().flatten().map(line));
            }
        }
    }
    found
}

/// What would act on a reader's screen is spelt out.
fn spelt(text: &str) -> String {
    text.replace('\n', "\\n")
        .replace('\u{202e}', "\\u{202e}")
        .replace('\u{1}', "\\u{1}")
}

/// The texts of an HTML page. Reading it strictly proves that nothing opened or closed a tag.
fn read_html(html: &str) -> Vec<String> {
    let (_, body) = html.split_once("<body>").unwrap();
    let body = body.strip_suffix("</body>\n</html>\n").unwrap();
    // Inside a line only these stand; without them each element holds its whole text.
    let mut flat = body
        .replace("</code>", "")
        .replace("<code>", "")
        .replace("</a>", "");
    while let Some(at) = flat.find("<a href=\"") {
        let end = at + flat[at..].find('>').unwrap();
        flat.replace_range(at..=end, "");
    }
    let read = |body: &str| {
        xml::read(&format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<body>{body}</body>"
        ))
    };
    let whole = read(body);
    let tags: BTreeSet<&str> = whole.all().iter().map(|e| e.name.as_str()).collect();
    let known = [
        "a", "body", "code", "div", "h1", "h2", "h3", "li", "main", "nav", "p", "table", "tbody",
        "td", "th", "thead", "tr", "ul",
    ];
    assert!(tags.is_subset(&BTreeSet::from(known)), "{tags:?}");
    let ids: Vec<&str> = whole.all().iter().filter_map(|e| e.may("id")).collect();
    let unique: BTreeSet<&str> = ids.iter().copied().collect();
    assert_eq!(ids.len(), unique.len(), "each id stands once");
    for link in whole.all().iter().filter(|e| e.name == "a") {
        let to = link
            .at("href")
            .strip_prefix('#')
            .expect("leads into the page");
        assert!(unique.contains(to), "{to} leads nowhere");
    }
    let flat = read(&flat);
    let main = flat.below("main").next().unwrap();
    let holds = ["h1", "h2", "h3", "p", "li", "th", "td"];
    let held = main.all().into_iter().filter(|e| holds.contains(&&*e.name));
    held.map(|e| e.text.trim().to_owned()).collect()
}

/// The texts of a Markdown page, read as code hosts read it.
fn read_markdown(markdown: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut columns = 0;
    for line in markdown.lines().filter(|line| !line.is_empty()) {
        if let Some(row) = line.strip_prefix("| ") {
            let cells = cells(row);
            if columns == 0 {
                columns = cells.len();
            }
            assert_eq!(cells.len(), columns, "{line}");
            found.extend(cells.iter().map(|cell| inline(cell)));
        } else if !line.starts_with("|---") {
            columns = 0;
            let text = line.strip_prefix("- ").unwrap_or(line);
            let text = if line.starts_with("# ") || line.starts_with("##") {
                text.trim_start_matches('#')
            } else {
                text
            };
            found.push(inline(text.trim()));
        }
    }
    found
}

/// A row is cut at its pipes before anything else is read. A pipe right after a backslash is a sign
/// of the text, in code as well, and whatever stands before the backslash.
fn cells(row: &str) -> Vec<String> {
    let mut found = vec![String::new()];
    for c in row.chars() {
        let last = found.last_mut().unwrap();
        match c {
            '|' if last.ends_with('\\') => {
                last.pop();
                last.push('\u{0}');
            }
            '|' => found.push(String::new()),
            c => last.push(c),
        }
    }
    assert_eq!(found.pop().as_deref(), Some(""), "a row ends with a pipe");
    found.iter().map(|cell| cell.trim().to_owned()).collect()
}

/// Escapes, code spans and links opened up. Any other sign that means something fails.
fn inline(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        if c == '`' {
            let fence = rest.len() - rest.trim_start_matches('`').len();
            let inner = &rest[fence..];
            let end = closing(inner, fence).expect(text);
            let code = &inner[..end];
            let bare = code
                .strip_prefix(' ')
                .and_then(|code| code.strip_suffix(' '));
            out.push_str(bare.filter(|bare| !bare.trim().is_empty()).unwrap_or(code));
            rest = &inner[end + fence..];
            continue;
        }
        rest = &rest[c.len_utf8()..];
        match c {
            '\\' => {
                let escaped = rest.chars().next().unwrap();
                assert!(escaped.is_ascii_punctuation(), "{text}");
                out.push(escaped);
                rest = &rest[1..];
            }
            '[' => {}
            ']' => rest = rest.split_once(')').expect(text).1,
            '<' | '>' | '*' | '_' | '&' | '~' | '|' => panic!("{c} means something in {text}"),
            c => out.push(c),
        }
    }
    out.replace('\u{0}', "|")
}

fn closing(inner: &str, fence: usize) -> Option<usize> {
    let mut at = 0;
    while at < inner.len() {
        let run = inner[at..].len() - inner[at..].trim_start_matches('`').len();
        if run == fence {
            return Some(at);
        }
        at += run.max(inner[at..].chars().next()?.len_utf8());
    }
    None
}

const WHOLE: &str = include_str!("diff/whole.claw");

#[test]
fn clients_are_told_without_their_keys_and_a_choice_is_no_order() {
    let more = WHOLE
        .replace("auth ignore }", "auth ignore; ceiling $5 per day }")
        .replace(
            "client lan",
            "client ci { key sha256 file \"/run/ci\" }\nclient lan",
        );
    let page = page(&more);
    let texts = texts(&page);
    let after = |heading: &str, count: usize| -> Vec<String> {
        let is_it =
            |block: &Block| matches!(block, Block::Heading { words, .. } if words == heading);
        let at = page.blocks.iter().position(is_it).unwrap();
        let rest = Page {
            title: String::new(),
            blocks: page.blocks[at + 1..].to_vec(),
        };
        self::texts(&rest).into_iter().skip(1).take(count).collect()
    };
    assert_eq!(
        after("client bot", 2),
        ["It shows a key.", "Tagged agents."]
    );
    assert_eq!(
        after("client ci", 1),
        ["It shows a key; what tells it stands in /run/ci."]
    );
    assert_eq!(
        after("client lan", 4),
        [
            "It calls from 10.0.0.0/16, fd00::/8.",
            "It is known by its address alone.",
            "A key that nobody has is not looked at.",
            "It has the ceiling $5 per day then deny.",
        ]
    );
    assert!(!page.markdown().contains("0123"), "a hash is told");
    let wide = after("class wide", 9);
    assert_eq!(
        wide[4..7],
        [
            "first",
            "the model that the request names, where it is one of 3 models of provider a",
            "2s to connect"
        ]
    );
    let said = |text: &str| texts.iter().any(|own| own.ends_with(text));
    assert!(said(
        "it is tried again, while attempts are left; any other failure is the answer."
    ));
    assert!(said("weighted: a/y 95%, b/x 5%."));
    assert!(said("ceiling (p.claw:47:1 and 2 more)"), "{texts:#?}");
}

#[test]
fn both_forms_hold_every_text_of_the_page_whatever_is_in_it() {
    let start = include_str!("../../src/bin/clawc/start.claw");
    for text in [HOSTILE, SOUND, start] {
        let page = page(text);
        assert_eq!(read_html(&page.html()), texts(&page));
        assert_eq!(read_markdown(&page.markdown()), texts(&page));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn no_text_gets_out_of_its_place(runs in prop::collection::vec(run(), 1..5)) {
        let page = Page {
            title: "p".into(),
            blocks: vec![
                Block::Paragraph(runs.clone()),
                Block::List(vec![runs.clone()]),
                Block::Table { head: vec!["a", "b"], rows: vec![vec![runs.clone(), runs]] },
            ],
        };
        assert_eq!(read_html(&page.html()), texts(&page));
        assert_eq!(read_markdown(&page.markdown()), texts(&page), "{}", page.markdown());
    }
}

fn run() -> impl Strategy<Value = Run> {
    ("[!-~é][ -~é]{0,12}", "[!-~é]{1,2}[ -~é`|\\\\]{0,8}[!-~é]").prop_map(|(words, code)| {
        if words.len() % 2 == 0 {
            Run::Words(format!("x{words}x"))
        } else {
            Run::Code(code)
        }
    })
}

#[test]
fn the_page_of_the_quickstart() {
    let doc = |more: &[&str]| {
        let args = [&["doc", "examples/quickstart"], more].concat();
        let ran = clawc(&root(), &args, "");
        assert_eq!((ran.code, &*ran.err), (0, ""));
        ran.out
    };
    insta::assert_snapshot!("quickstart_markdown", without_digests(&doc(&[])));
    insta::assert_snapshot!(
        "quickstart_html",
        without_digests(&doc(&["--format", "html"]))
    );
    assert_eq!(doc(&[]), doc(&["--format", "markdown"]));
}

#[test]
fn the_page_of_a_policy_full_of_signs() {
    let page = page(HOSTILE);
    insta::assert_snapshot!("hostile_markdown", without_digests(&page.markdown()));
    for written in [page.markdown(), page.html()] {
        assert!(
            !written.contains("nobody-shall-read"),
            "values of headers stay out"
        );
    }
    let html = page.html();
    assert!(html.contains("default-src 'none'") && !html.contains("http-equiv=\"refresh\""));
    let fetched = ["src=\"", "url(", "@import", "<link", "<script"];
    assert!(
        fetched.iter().all(|what| !html.contains(what)),
        "nothing is fetched"
    );
}

#[test]
fn the_digest_is_that_of_the_table_and_does_not_depend_on_where_the_folder_lies() {
    let home = folder(&[("p/shop.claw", SOUND), ("deep/er/p/shop.claw", SOUND)]);
    let built = clawc(home.path(), &["build", "p", "--format", "json"], "").json();
    let digest = built["behaviour"].as_str().unwrap();
    let one = clawc(home.path(), &["doc", "p"], "").out;
    assert!(one.contains(&format!("`x-claw-policy: {digest}`")), "{one}");
    assert_eq!(one, clawc(home.path(), &["doc", "deep/er/p"], "").out);
}

#[test]
fn of_a_policy_with_errors_there_is_no_page_but_its_findings() {
    let home = folder(&[("p/shop.claw", &misspelt()), ("none/x.claw", "")]);
    let ran = clawc(home.path(), &["doc", "p", "--format", "html"], "");
    assert_eq!((ran.code, &*ran.out), (1, ""));
    assert!(
        ran.err.contains("C0201") && ran.err.contains("p/shop.claw"),
        "{}",
        ran.err
    );
    let ran = clawc(home.path(), &["doc", "none"], "");
    assert_eq!((ran.code, &*ran.out), (1, ""));
    assert_eq!(clawc(home.path(), &["doc", "nowhere"], "").code, 2);
    let ran = clawc(home.path(), &["doc", "p", "--format", "pdf"], "");
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("markdown, html"), "{}", ran.err);
}

#[cfg(target_os = "linux")]
#[test]
fn a_page_that_cannot_be_written_is_trouble() {
    let home = folder(&[("shop.claw", SOUND)]);
    let full = File::options().write(true).open("/dev/full").unwrap();
    let ran = Command::new(env!("CARGO_BIN_EXE_clawc"))
        .args(["doc", "shop.claw"])
        .current_dir(home.path())
        .stdout(full)
        .output()
        .unwrap();
    assert_eq!(ran.status.code(), Some(2));
}
