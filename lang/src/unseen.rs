//! Characters that a reader does not see, or that make a terminal show something else.

/// Direction controls, zero-width characters, and a byte order mark inside the text. The two joiners
/// are not among them: scripts and emoji need them in texts, and names cannot hold them.
pub fn is_hidden(c: char) -> bool {
    matches!(c,
        '\u{200B}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2069}'
        | '\u{061C}' | '\u{FEFF}')
}

/// Whether a character moves the cursor or reorders what is read.
pub(crate) fn is_unseen(c: char) -> bool {
    c.is_control() || is_hidden(c)
}

/// A text that keeps to its line: what would end the line or move the cursor is spelt out.
pub fn on_its_line(text: &str) -> String {
    text.chars().fold(String::new(), |mut out, c| {
        match c {
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            c if is_unseen(c) || matches!(c, '\u{2028}' | '\u{2029}') => {
                out.extend(format!("\\u{{{:x}}}", u32::from(c)).chars());
            }
            c => out.push(c),
        }
        out
    })
}
