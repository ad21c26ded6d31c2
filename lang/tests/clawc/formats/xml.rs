//! A strict reader of the XML that a test report may hold. What is not well formed fails.

/// One element, with what is in it.
#[derive(Debug, Default)]
pub(crate) struct Element {
    pub(crate) name: String,
    pub(crate) text: String,
    attributes: Vec<(String, String)>,
    children: Vec<Element>,
}

impl Element {
    pub(crate) fn at(&self, name: &str) -> &str {
        let found = self.attributes.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str()).expect(name)
    }

    pub(crate) fn below<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Element> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// The attribute, if it is there.
    pub(crate) fn may(&self, name: &str) -> Option<&str> {
        let found = self.attributes.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    /// This element and every one inside it, in the order in which they end.
    pub(crate) fn all(&self) -> Vec<&Element> {
        let inner = self.children.iter().flat_map(Element::all);
        inner.chain([self]).collect()
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.below(name).next().is_some()
    }
}

pub(crate) fn read(document: &str) -> Element {
    for c in document.chars() {
        let is_allowed = matches!(c, '\t' | '\n' | ' '..='\u{FFFD}' | '\u{10000}'..);
        assert!(is_allowed, "XML cannot hold {c:?}");
    }
    let rest = document
        .strip_prefix("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n")
        .unwrap();
    let mut open = vec![Element::default()];
    for piece in rest.split('<').skip(1) {
        let (tag, text) = piece.split_once('>').expect(piece);
        if let Some(name) = tag.strip_prefix('/') {
            let closed = open.pop().unwrap();
            assert_eq!(closed.name, name, "closed where it was not open");
            open.last_mut().unwrap().children.push(closed);
        } else {
            let (tag, is_empty) = match tag.strip_suffix('/') {
                Some(tag) => (tag, true),
                None => (tag, false),
            };
            let element = opening(tag);
            if is_empty {
                open.last_mut().unwrap().children.push(element);
            } else {
                open.push(element);
            }
        }
        open.last_mut().unwrap().text.push_str(&plain(text));
    }
    let mut document = open.pop().unwrap();
    assert!(open.is_empty(), "not everything is closed");
    assert_eq!(document.children.len(), 1);
    document.children.pop().unwrap()
}

/// `name a="b" c="d"`
fn opening(tag: &str) -> Element {
    let (name, mut rest) = tag.split_once(' ').unwrap_or((tag, ""));
    let mut element = Element {
        name: name.to_owned(),
        ..Element::default()
    };
    while !rest.trim().is_empty() {
        let (name, after) = rest.trim_start().split_once("=\"").expect(tag);
        let (value, after) = after.split_once('"').expect(tag);
        assert!(
            !value.contains(['\n', '\t']),
            "a reader makes blanks of these"
        );
        element.attributes.push((name.to_owned(), plain(value)));
        rest = after;
    }
    element
}

fn plain(text: &str) -> String {
    let mut pieces = text.split('&');
    let mut out = pieces.next().unwrap().to_owned();
    for piece in pieces {
        let (entity, after) = piece
            .split_once(';')
            .expect("an entity ends with a semicolon");
        out.push(match entity {
            "amp" => '&',
            "lt" => '<',
            "gt" => '>',
            "quot" => '"',
            "#39" => '\'',
            "#10" => '\n',
            "#9" => '\t',
            "#13" => '\r',
            other => panic!("the entity `{other}` is not known here"),
        });
        out.push_str(after);
    }
    out
}
