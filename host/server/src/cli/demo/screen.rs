//! What the demo shows: lines, and tables that are drawn over when there is a terminal to do so.

use std::io::{IsTerminal, Write};

/// The terminal.
pub(super) struct Screen {
    terminal: bool,
    /// Lines of the table on the screen that the next one is drawn over.
    drawn: usize,
}

impl Screen {
    pub(super) fn new() -> Screen {
        Screen { terminal: std::io::stdout().is_terminal(), drawn: 0 }
    }

    /// Whether tables are drawn over each other; if not, few should be drawn.
    pub(super) fn is_live(&self) -> bool {
        self.terminal
    }

    pub(super) fn title(&mut self, text: &str) {
        self.drawn = 0;
        if self.terminal {
            println!("\n\x1b[1m{text}\x1b[0m");
        } else {
            println!("\n{text}\n{}", "=".repeat(text.chars().count()));
        }
    }

    pub(super) fn line(&mut self, text: &str) {
        self.drawn = 0;
        println!("{text}");
    }

    /// Draws a table in the place of the last one.
    pub(super) fn table(&mut self, caption: &str, head: &[&str], rows: &[Vec<String>]) {
        let mut out = String::new();
        if self.terminal && self.drawn > 0 {
            // Up, and clear what is below.
            out.push_str(&format!("\x1b[{}A\x1b[J", self.drawn));
        }
        let width = |i: usize| {
            rows.iter()
                .map(|r| r.get(i).map_or(0, |c| c.chars().count()))
                .chain([head[i].chars().count()])
                .max()
                .unwrap_or(0)
        };
        let widths: Vec<usize> = (0..head.len()).map(width).collect();
        let row = |cells: Vec<String>| {
            let cells: Vec<String> = cells
                .iter()
                .zip(&widths)
                .enumerate()
                // The first column is a name, the others are figures.
                .map(|(i, (c, w))| if i == 0 { format!("{c:<w$}") } else { format!("{c:>w$}") })
                .collect();
            format!("    {}\n", cells.join("  "))
        };
        out.push_str(&format!("  {caption}\n"));
        out.push_str(&row(head.iter().map(|h| (*h).to_owned()).collect()));
        for r in rows {
            out.push_str(&row(r.clone()));
        }
        self.drawn = rows.len() + 2;
        print!("{out}");
        // A terminal that is gone is noticed elsewhere.
        let _ = std::io::stdout().flush();
    }
}
