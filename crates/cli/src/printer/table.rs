//! Columns that line up.

use super::text::{Paint, Text};

/// On which side of a column its text stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Align {
    Left,
    Right,
}

/// Rows of cells below a head.
#[derive(Debug)]
pub(crate) struct Table {
    head: Vec<Text>,
    align: Vec<Align>,
    rows: Vec<Vec<Text>>,
}

impl Table {
    pub(crate) fn new(columns: &[(&str, Align)]) -> Self {
        let head = columns.iter().map(|(name, _)| Text::new().add(Paint::Dim, *name)).collect();
        let align = columns.iter().map(|(_, align)| *align).collect();
        Self { head, align, rows: Vec::new() }
    }

    /// A list of names and values, without a head.
    pub(crate) const fn pairs() -> Self {
        Self { head: Vec::new(), align: Vec::new(), rows: Vec::new() }
    }

    pub(crate) fn row<const N: usize>(&mut self, cells: [Text; N]) {
        self.rows.push(cells.into());
    }

    /// A name and its value.
    pub(crate) fn pair(&mut self, name: &str, value: impl Into<Text>) {
        self.row([Text::new().add(Paint::Dim, name), value.into()]);
    }

    pub(super) fn lines(&self) -> impl Iterator<Item = Text> {
        let head = (!self.head.is_empty()).then_some(&self.head);
        let rows = || head.into_iter().chain(&self.rows);
        let columns = rows().map(Vec::len).max().unwrap_or(0);
        let widths: Vec<usize> = (0..columns)
            .map(|column| {
                rows().filter_map(|row| row.get(column)).map(Text::width).max().unwrap_or(0)
            })
            .collect();
        rows().map(|row| self.line(row, &widths)).collect::<Vec<_>>().into_iter()
    }

    fn line(&self, row: &[Text], widths: &[usize]) -> Text {
        let mut line = Text::new();
        // Empty cells at the end leave no blanks behind.
        let filled = row.iter().rposition(|cell| cell.width() != 0).map_or(0, |last| last + 1);
        for (column, cell) in row[..filled].iter().enumerate() {
            let blank = " ".repeat(widths[column].saturating_sub(cell.width()));
            let last = column + 1 == filled;
            line = match self.align.get(column) {
                Some(Align::Right) => line.plain(blank).then(cell.clone()),
                Some(Align::Left) | None if last => line.then(cell.clone()),
                Some(Align::Left) | None => line.then(cell.clone()).plain(blank),
            };
            if !last {
                line = line.plain("  ");
            }
        }
        line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_whatever_the_letters() {
        let mut table =
            Table::new(&[("NAME", Align::Left), ("SIZE", Align::Right), ("X", Align::Left)]);
        table.row(["日本".into(), "1 B".into(), "a".into()]);
        table.row(["a\nb".into(), "1.5 GB".into(), "b".into()]);
        table.row(["x".into(), "2 B".into(), "".into()]);
        let lines: Vec<_> = table.lines().map(|line| line.render(false)).collect();
        assert_eq!(
            lines,
            ["NAME    SIZE  X", "日本     1 B  a", r"a\nb  1.5 GB  b", "x        2 B"]
        );
    }
}
