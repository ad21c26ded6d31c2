//! From rows to text: cells that belong under each other are padded to one column.

use super::rows::{Row, Shape, width};

/// Where comments behind something stand, if nothing is longer.
const COMMENT_COLUMN: usize = 41;
/// A cell wider than this keeps to itself: one long condition does not push every arrow away.
const CELL_MAX: usize = 60;
/// A row wider than this does not push the comments of its neighbours away.
const ROW_MAX: usize = 80;

/// The text of a file.
pub(super) fn text(mut rows: Vec<Row>) -> String {
    align(&mut rows, 0, |row| match row.shape {
        Shape::Arm => Some((2, "")),
        Shape::Let => Some((1, "")),
        Shape::Field => Some((0, "")),
        // A declaration is found by its keyword, so that is not torn from its name.
        Shape::Short => (row.indent > 0).then_some((0, "")),
        Shape::Plain | Shape::Remark | Shape::Under | Shape::Hang => None,
    });
    let columns = rows.iter().filter(|row| row.shape == Shape::Short);
    for column in 1..columns.map(|row| row.cells.len()).max().unwrap_or(0) {
        align(&mut rows, column, |row| {
            let keyword = row.cells.first().filter(|_| row.shape == Shape::Short)?;
            Some((row.cells.len(), keyword.trim_end()))
        });
    }
    hang(&mut rows);
    let lines: Vec<String> = rows.iter().map(line).collect();
    let columns = comment_columns(&rows, &lines);

    let mut out = String::new();
    for ((row, line), column) in rows.iter().zip(&lines).zip(columns) {
        out.extend(std::iter::repeat_n('\n', row.blanks));
        out.push_str(line);
        if let Some(comment) = &row.comment {
            out.extend(std::iter::repeat_n(' ', column - width(line)));
            out.push_str(comment);
        }
        out.push('\n');
    }
    out
}

/// Which rows share a column: a number and a word for each kind.
type Kin<'a> = (usize, &'a str);

/// Pads one column of every run of rows that are kin. Comments do not end a run, blank lines do.
fn align(rows: &mut [Row], column: usize, kin: fn(&Row) -> Option<Kin<'_>>) {
    let mut from = 0;
    while let Some(first) = rows.get(from) {
        let Some(kind) = kin(first) else {
            from += 1;
            continue;
        };
        let rest = rows.get(from + 1..).unwrap_or_default();
        let more = rest.iter().take_while(|row| {
            let parts_nothing = matches!(row.shape, Shape::Remark | Shape::Under | Shape::Hang);
            row.blanks == 0 && (parts_nothing || kin(row) == Some(kind))
        });
        let to = from + 1 + more.count();
        let run = rows.get_mut(from..to).unwrap_or_default();
        pad(run.iter_mut().filter(|row| kin(row).is_some()), column);
        from = to;
    }
}

/// Pads the cells of one column, save those that end their row.
fn pad<'a>(rows: impl Iterator<Item = &'a mut Row>, column: usize) {
    let cells = rows.filter(|row| row.cells.len() > column + 1);
    let mut cells: Vec<(usize, &mut String)> = cells
        .filter_map(|row| row.cells.get_mut(column))
        .map(|cell| (width(cell), cell))
        .filter(|(width, _)| *width <= CELL_MAX)
        .collect();
    let widest = cells.iter().map(|(width, _)| *width).max().unwrap_or(0);
    for (width, cell) in &mut cells {
        cell.extend(std::iter::repeat_n(' ', widest - *width));
    }
}

/// Moves further lines of a field under its values.
fn hang(rows: &mut [Row]) {
    let mut indent = 0;
    for row in rows {
        match row.shape {
            Shape::Field => {
                let keyword = row.cells.first().map_or(0, |cell| width(cell));
                indent = row.indent + keyword + 1;
            }
            Shape::Hang => row.indent = indent,
            Shape::Plain
            | Shape::Remark
            | Shape::Under
            | Shape::Arm
            | Shape::Let
            | Shape::Short => {}
        }
    }
}

fn line(row: &Row) -> String {
    if row.cells.is_empty() {
        return String::new();
    }
    format!("{:1$}{2}", "", row.indent, row.cells.join(" "))
}

/// Where the comment of each row begins: the same column for all that stand right under each other.
fn comment_columns(rows: &[Row], lines: &[String]) -> Vec<usize> {
    let mut columns = Vec::with_capacity(rows.len());
    let mut from = 0;
    while let Some(first) = rows.get(from) {
        let rest = rows.get(from + 1..).unwrap_or_default();
        let more = rest
            .iter()
            .take_while(|row| first.comment.is_some() && row.comment.is_some() && row.blanks == 0);
        let to = from + 1 + more.count();
        let widths = lines.get(from..to).unwrap_or_default();
        let widths: Vec<usize> = widths.iter().map(|line| width(line)).collect();
        let pushing = widths.iter().filter(|width| **width <= ROW_MAX);
        let column = pushing.map(|width| width + 2).max().unwrap_or(0);
        let column = column.max(COMMENT_COLUMN);
        let mut last = column;
        for (at, width) in widths.iter().enumerate() {
            // What goes on under a comment stands under it.
            let is_under = rows
                .get(from + at)
                .is_some_and(|row| row.shape == Shape::Under);
            if !is_under {
                last = column.max(width + 2);
            }
            columns.push(last);
        }
        from = to;
    }
    columns
}
