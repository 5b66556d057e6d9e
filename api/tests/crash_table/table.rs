//! Runs the rows, several at a time, and prints the table.

use std::{fmt::Write, pin::Pin, time::Instant};

use futures_util::{StreamExt, stream};

use crate::scene::Outcome;

/// Rows that run at the same time: they mostly wait.
const AT_ONCE: usize = 3;

/// One row of the table.
pub(crate) struct Row {
    pub(crate) name: &'static str,
    pub(crate) repetitions: u64,
    pub(crate) run: fn(u64) -> Pin<Box<dyn Future<Output = Outcome>>>,
}

/// A row of this name that is run so often. A macro, because each function has a type of its own.
macro_rules! row {
    ($name:literal, $repetitions:literal, $run:path) => {
        $crate::table::Row { name: $name, repetitions: $repetitions, run: |seed| Box::pin($run(seed)) }
    };
}
pub(crate) use row;

/// Runs all rows, in a `LocalSet`. Fails if anything was violated.
pub(crate) async fn run(rows: Vec<Row>) {
    let seed: u64 = std::env::var("SPIKE_TEST_SEED").map_or(20_261_125, |seed| seed.parse().expect("a number"));
    let wanted = std::env::var("SPIKE_CRASH_ROWS").unwrap_or_default();
    let rows: Vec<Row> = rows.into_iter().filter(|row| row.name.contains(&wanted)).collect();
    assert!(!rows.is_empty(), "no row is called {wanted:?}");
    let began = Instant::now();

    let mut runs = Vec::new();
    for repetition in 0..rows.iter().map(|row| row.repetitions).max().unwrap_or(0) {
        for (number, row) in rows.iter().enumerate().filter(|(_, row)| repetition < row.repetitions) {
            let seed = seed + 1_000 * u64::try_from(number).expect("few rows") + repetition;
            let run = row.run;
            runs.push(async move {
                let began = Instant::now();
                // In a task of its own, so that one that panics ends no other.
                let outcome = tokio::task::spawn_local(run(seed)).await.unwrap_or_else(|error| Outcome {
                    accepted: 0,
                    violations: vec![format!("the test itself failed: {error}")],
                });
                (number, seed, outcome, began.elapsed())
            });
        }
    }
    let mut figures = vec![(0_u64, 0_usize, Vec::<String>::new()); rows.len()];
    let mut runs = stream::iter(runs).buffer_unordered(AT_ONCE);
    while let Some((number, seed, outcome, took)) = runs.next().await {
        println!("{} (seed {seed}): {} accepted, {took:.1?}", rows[number].name, outcome.accepted);
        let (repetitions, accepted, violations) = &mut figures[number];
        *repetitions += 1;
        *accepted += outcome.accepted;
        violations.extend(outcome.violations.into_iter().map(|violation| format!("seed {seed}: {violation}")));
    }

    let width = rows.iter().map(|row| row.name.chars().count()).max().unwrap_or(0);
    let mut table = format!("\n{:width$}  repetitions  accepted grabs  violations\n", "crash or fault");
    for (row, (repetitions, accepted, violations)) in rows.iter().zip(&figures) {
        writeln!(table, "{:width$}  {repetitions:>11}  {accepted:>14}  {:>10}", row.name, violations.len())
            .expect("a text");
    }
    println!("{table}\n{} rows in {:.0?}, seed {seed}", rows.len(), began.elapsed());
    let violations: Vec<String> = rows
        .iter()
        .zip(figures)
        .flat_map(|(row, (_, _, violations))| violations.into_iter().map(move |text| format!("{}: {text}", row.name)))
        .collect();
    assert!(violations.is_empty(), "{}", violations.join("\n"));
}
