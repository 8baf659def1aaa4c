//! Tables as text.

use std::fmt;

/// Rows of text in aligned columns, the first row being the head.
#[derive(Debug, Default)]
pub struct Table(Vec<Vec<String>>);

impl Table {
    /// One name for each column.
    pub fn new<const N: usize>(head: [&str; N]) -> Self {
        Self(vec![head.map(str::to_owned).to_vec()])
    }

    /// As many cells as the head has.
    pub fn row<const N: usize>(&mut self, cells: [String; N]) {
        self.0.push(cells.to_vec());
    }
}

/// A column is not made narrower than this: the beginning of an id of so many characters can be typed.
const NARROWEST: usize = 12;

/// Between columns.
const GAP: &str = "  ";

impl Table {
    /// Widths of the columns; where they are wider than a line together, the widest give way.
    fn widths(&self, line: Option<usize>) -> Vec<usize> {
        let columns = self.0.iter().map(Vec::len).max().unwrap_or(0);
        let lengths = |c: usize| {
            self.0
                .iter()
                .filter_map(move |row| row.get(c))
                .map(|cell| cell.chars().count())
        };
        let mut widths: Vec<usize> = (0..columns).map(|c| lengths(c).max().unwrap_or(0)).collect();
        let gaps = GAP.len() * columns.saturating_sub(1);
        while line.is_some_and(|line| widths.iter().sum::<usize>() + gaps > line) {
            match widths.iter_mut().max() {
                Some(widest) if *widest > NARROWEST => *widest -= 1,
                _ => break,
            }
        }
        widths
    }

    /// The same as comma-separated values (RFC 4180), whole, the head first.
    pub fn csv(&self) -> String {
        let cell = |cell: &String| match cell.contains([',', '"', '\n', '\r']) {
            true => format!("\"{}\"", cell.replace('"', "\"\"")),
            false => cell.clone(),
        };
        let line = |row: &Vec<String>| row.iter().map(cell).collect::<Vec<_>>().join(",") + "\n";
        self.0.iter().map(line).collect()
    }
}

/// What does not fit, with a sign that it does not.
fn cut(cell: &str, width: usize) -> String {
    match cell.chars().count() > width {
        true => cell.chars().take(width.saturating_sub(1)).chain(['…']).collect(),
        false => cell.to_owned(),
    }
}

/// In lines that are no longer than the width that is asked for (`{table:80}`), if one is, and cells can be cut to it.
impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let widths = self.widths(f.width());
        for (i, row) in self.0.iter().enumerate() {
            let cells = row
                .iter()
                .zip(&widths)
                .map(|(cell, width)| format!("{:width$}", cut(cell, *width)));
            writeln!(f, "{}", cells.collect::<Vec<_>>().join(GAP).trim_end())?;
            if i == 0 {
                let rule = widths.iter().map(|w| "-".repeat(*w)).collect::<Vec<_>>().join(GAP);
                writeln!(f, "{rule}")?;
            }
        }
        Ok(())
    }
}

/// A list that can be a table.
pub trait Tabled {
    /// All of it.
    fn tabled(&self) -> Table;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table_columns_align() {
        let mut table = Table::new(["step", "gas"]);
        table.row(["open".into(), "150000".into()]);
        assert_eq!(table.to_string(), "step  gas\n----  ------\nopen  150000\n");
    }

    #[test]
    fn the_widest_columns_give_way_to_a_narrow_terminal() {
        let mut table = Table::new(["id", "state", "why"]);
        table.row([
            "0x".to_owned() + &"a".repeat(64),
            "Probing".into(),
            "nobody moved in the time that there was".into(),
        ]);
        let narrow = format!("{table:60}");
        assert!(narrow.lines().all(|line| line.chars().count() <= 60), "{narrow}");
        assert!(narrow.contains("Probing") && narrow.contains('…'), "{narrow}");
        assert!(
            format!("{table:5}")
                .lines()
                .any(|line| line.starts_with("0xaaaaaaaaa…")),
            "no id becomes useless"
        );
        assert!(!table.to_string().contains('…'), "whole where nobody asks");
    }

    #[test]
    fn values_with_commas_and_quotes_are_quoted() {
        let mut table = Table::new(["id", "mode"]);
        table.row(["1".into(), "CLEAR, \"DIRECT\"".into()]);
        assert_eq!(table.csv(), "id,mode\n1,\"CLEAR, \"\"DIRECT\"\"\"\n");
    }
}
