//! Numbers as people read them, in tables of Markdown.

use std::fmt::Write as _;

use crate::load::Outcome;

/// A table under its heading.
pub(crate) struct Table {
    heading: String,
    rows: Vec<Vec<String>>,
}

impl Table {
    pub(crate) fn new(heading: impl Into<String>, columns: &[&str]) -> Self {
        Self { heading: heading.into(), rows: vec![columns.iter().map(|column| (*column).to_owned()).collect()] }
    }

    /// Adds a row; the cells that are left out stay empty.
    pub(crate) fn row(&mut self, cells: Vec<String>) {
        self.rows.push(cells);
    }

    /// The table with its columns lined up.
    pub(crate) fn text(&self) -> String {
        let columns = self.rows[0].len();
        let cell = |row: &Vec<String>, at: usize| row.get(at).cloned().unwrap_or_default();
        let widths: Vec<usize> = (0..columns)
            .map(|at| self.rows.iter().map(|row| cell(row, at).chars().count()).max().unwrap_or(0).max(3))
            .collect();
        let mut out = format!("\n### {}\n\n", self.heading);
        for (number, row) in self.rows.iter().enumerate() {
            for (at, width) in widths.iter().enumerate() {
                let _ = match at {
                    0 => write!(out, "| {:<width$} |", cell(row, at)),
                    _ => write!(out, " {:>width$} |", cell(row, at)),
                };
            }
            out.push('\n');
            if number == 0 {
                for (at, width) in widths.iter().enumerate() {
                    let _ = match at {
                        0 => write!(out, "| {} |", "-".repeat(*width)),
                        _ => write!(out, " {}: |", "-".repeat(width - 1)),
                    };
                }
                out.push('\n');
            }
        }
        out
    }
}

/// The value below which a part of all values lie.
pub(crate) fn percentile(values: &[f32], part: f64) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f32::total_cmp);
    let at = ((sorted.len() as f64 * part).ceil() as usize).max(1);
    sorted.get(at - 1).map(|value| f64::from(*value))
}

/// A time in milliseconds.
pub(crate) fn ms(seconds: Option<f64>) -> String {
    seconds.map_or_else(none, |seconds| format!("{:.2} ms", seconds * 1000.0))
}

/// How much longer a time is than another, in milliseconds.
pub(crate) fn added(seconds: Option<f64>, direct: Option<f64>) -> String {
    match (seconds, direct) {
        (Some(seconds), Some(direct)) => format!("{:+.2} ms", (seconds - direct) * 1000.0),
        _ => none(),
    }
}

/// Processor seconds for a million deltas.
pub(crate) fn per_million(cpu: f64, deltas: u64) -> Option<f64> {
    (deltas > 0).then(|| cpu * 1e6 / deltas as f64)
}

pub(crate) fn seconds(value: Option<f64>) -> String {
    value.map_or_else(none, |value| if value < 10.0 { format!("{value:.2}") } else { format!("{value:.1}") })
}

/// A ratio to what the same run measured for nginx.
pub(crate) fn times(value: Option<f64>, nginx: Option<f64>) -> String {
    match (value, nginx) {
        (Some(value), Some(nginx)) if nginx > 0.0 => format!("{:.2} ×", value / nginx),
        _ => none(),
    }
}

pub(crate) fn thousands(value: f64) -> String {
    if value < 10_000.0 { format!("{value:.0}") } else { format!("{:.0} k", value / 1000.0) }
}

pub(crate) fn mebibytes(bytes: u64) -> String {
    format!("{:.1} MiB", bytes as f64 / f64::from(1 << 20))
}

/// Memory for each open stream.
pub(crate) fn kibibytes_each(outcome: &Outcome) -> String {
    let grown = outcome.resident.saturating_sub(outcome.resident_before) as f64;
    format!("{:.1} KiB", grown / 1024.0 / outcome.streams.max(1) as f64)
}

pub(crate) fn none() -> String {
    "–".to_owned()
}
