//! What each load's table shows.

use crate::load::Outcome;
use crate::table::{
    Table, added, kibibytes_each, mebibytes, ms, none, per_million, percentile, seconds, thousands, times,
};
use crate::target::Kind;

/// What came of a load at each server, or why it has none.
pub(crate) type Results = Vec<(Kind, Result<Outcome, String>)>;

fn of(results: &Results, kind: Kind) -> Option<&Outcome> {
    results.iter().find(|(of, _)| *of == kind)?.1.as_ref().ok()
}

/// A row for each server; `cells` makes those of one that ran.
fn fill(table: &mut Table, results: &Results, cells: impl Fn(Kind, &Outcome) -> Vec<String>) {
    for (kind, result) in results {
        let mut row = vec![kind.name().to_owned()];
        match result {
            Ok(outcome) => row.extend(cells(*kind, outcome)),
            Err(reason) => row.push(reason.clone()),
        }
        table.row(row);
    }
}

/// Nothing between costs nothing.
fn unless_direct(kind: Kind, cell: String) -> String {
    if kind == Kind::Direct { none() } else { cell }
}

pub(crate) fn paced(results: &Results, heading: String) -> Table {
    let columns = [
        "paced",
        "CPU-s per 1 M deltas",
        "of nginx",
        "start and end included",
        "of nginx",
        "gap p50",
        "p99",
        "added p50",
        "added p99",
        "first token p50",
        "p99",
    ];
    let mut table = Table::new(heading, &columns);
    let steady = |outcome: &Outcome| per_million(outcome.cpu, outcome.deltas);
    let whole = |outcome: &Outcome| per_million(outcome.all_cpu, outcome.all_deltas);
    let (nginx, direct) = (of(results, Kind::Nginx), of(results, Kind::Direct));
    let gap = |outcome: &Outcome, part| percentile(&outcome.gaps, part);
    fill(&mut table, results, |kind, outcome| {
        vec![
            unless_direct(kind, seconds(steady(outcome))),
            unless_direct(kind, times(steady(outcome), nginx.and_then(steady))),
            unless_direct(kind, seconds(whole(outcome))),
            unless_direct(kind, times(whole(outcome), nginx.and_then(whole))),
            ms(gap(outcome, 0.5)),
            ms(gap(outcome, 0.99)),
            unless_direct(kind, added(gap(outcome, 0.5), direct.and_then(|direct| gap(direct, 0.5)))),
            unless_direct(kind, added(gap(outcome, 0.99), direct.and_then(|direct| gap(direct, 0.99)))),
            ms(percentile(&outcome.firsts, 0.5)),
            ms(percentile(&outcome.firsts, 0.99)),
        ]
    });
    table
}

pub(crate) fn flat(results: &Results, heading: String) -> Table {
    let mut table = Table::new(heading, &["flat", "CPU-s per 1 M deltas", "of nginx", "deltas/s", "of nginx"]);
    let cost = |outcome: &Outcome| per_million(outcome.cpu, outcome.deltas);
    let rate = |outcome: &Outcome| outcome.deltas as f64 / outcome.seconds;
    let nginx = of(results, Kind::Nginx);
    fill(&mut table, results, |kind, outcome| {
        vec![
            unless_direct(kind, seconds(cost(outcome))),
            unless_direct(kind, times(cost(outcome), nginx.and_then(cost))),
            thousands(rate(outcome)),
            times(Some(rate(outcome)), nginx.map(rate)),
        ]
    });
    table
}

pub(crate) fn first_token(results: &Results, heading: String) -> Table {
    let mut table = Table::new(heading, &["first token", "p50", "p99", "added p50", "added p99"]);
    let direct = of(results, Kind::Direct);
    fill(&mut table, results, |kind, outcome| {
        let first = |outcome: &Outcome, part| percentile(&outcome.firsts, part);
        vec![
            ms(first(outcome, 0.5)),
            ms(first(outcome, 0.99)),
            unless_direct(kind, added(first(outcome, 0.5), direct.and_then(|direct| first(direct, 0.5)))),
            unless_direct(kind, added(first(outcome, 0.99), direct.and_then(|direct| first(direct, 0.99)))),
        ]
    });
    table
}

pub(crate) fn hold(results: &Results, heading: String) -> Table {
    let columns = ["hold", "whole", "resident before", "with all open", "each", "CPU-s per 1 M deltas", "gap p99"];
    let mut table = Table::new(heading, &columns);
    fill(&mut table, results, |_, outcome| {
        vec![
            format!("{} of {}", outcome.streams - outcome.lost.len(), outcome.streams),
            mebibytes(outcome.resident_before),
            mebibytes(outcome.resident),
            kibibytes_each(outcome),
            seconds(per_million(outcome.cpu, outcome.deltas)),
            ms(percentile(&outcome.gaps, 0.99)),
        ]
    });
    table
}

pub(crate) fn sign_ins(results: &Results, heading: String) -> Table {
    let mut table = Table::new(heading, &["sign-ins", "a second", "stream gap p50", "p99", "first token p99"]);
    fill(&mut table, results, |_, outcome| {
        vec![
            format!("{:.1}", outcome.sign_ins as f64 / outcome.seconds),
            ms(percentile(&outcome.gaps, 0.5)),
            ms(percentile(&outcome.gaps, 0.99)),
            ms(percentile(&outcome.firsts, 0.99)),
        ]
    });
    table
}

pub(crate) fn flood(results: &Results, heading: String) -> Table {
    let columns = [
        "flood",
        "wrong passwords a second",
        "right ones let in",
        "stream gap p50",
        "p99",
        "first token p99",
        "resident before",
        "with it",
    ];
    let mut table = Table::new(heading, &columns);
    fill(&mut table, results, |_, outcome| {
        vec![
            format!("{:.1}", outcome.guesses as f64 / outcome.seconds),
            outcome.sign_ins.to_string(),
            ms(percentile(&outcome.gaps, 0.5)),
            ms(percentile(&outcome.gaps, 0.99)),
            ms(percentile(&outcome.firsts, 0.99)),
            mebibytes(outcome.resident_before),
            mebibytes(outcome.resident),
        ]
    });
    table
}
