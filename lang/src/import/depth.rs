//! How deep a JSON5 text is nested, before it is read: the reader goes as deep as the text does.

/// The deepest nesting that is read. Configs have six levels or so.
const DEPTH_MAX: usize = 64;

/// Whether objects and lists are nested deeper than is read.
pub(super) fn is_too_deep(text: &str) -> bool {
    let mut bytes = text.bytes().peekable();
    let mut depth = 0_usize;
    while let Some(byte) = bytes.next() {
        match byte {
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth = depth.saturating_sub(1),
            b'"' | b'\'' => {
                let mut is_escaped = false;
                for inner in bytes.by_ref() {
                    if inner == byte && !is_escaped {
                        break;
                    }
                    is_escaped = inner == b'\\' && !is_escaped;
                }
            }
            b'/' if bytes.peek() == Some(&b'/') => {
                bytes.by_ref().find(|inner| *inner == b'\n');
            }
            b'/' if bytes.peek() == Some(&b'*') => {
                bytes.next();
                let mut before = 0;
                for inner in bytes.by_ref() {
                    if (before, inner) == (b'*', b'/') {
                        break;
                    }
                    before = inner;
                }
            }
            _ => {}
        }
        if depth > DEPTH_MAX {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::is_too_deep;

    #[test]
    fn brackets_in_texts_and_comments_are_not_nesting() {
        let many = "[{".repeat(100);
        for text in [
            format!("'{many}'"),
            format!("\"\\\"{many}\""),
            format!("// {many}\n[]"),
            format!("/* {many} **/ []"),
            "[] {} ".repeat(100),
            "[".repeat(64),
        ] {
            assert!(!is_too_deep(&text), "{text}");
        }
        for text in [
            many.clone(),
            format!("'a' {many}"),
            format!("// x\n{many}"),
            format!("/**/{many}"),
        ] {
            assert!(is_too_deep(&text), "{text}");
        }
    }
}
