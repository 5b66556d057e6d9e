//! Figures: what two did in a second, in pairs, and how it is printed.

use std::{fmt, time::Duration};

/// One figure: spike against a baseline.
#[derive(Debug)]
pub(crate) struct Line {
    /// What was done, and against what.
    pub(crate) title: String,
    /// Requests at the same time, where there were any.
    pub(crate) connections: Option<usize>,
    /// What came of it; or why there is no figure.
    pub(crate) result: Result<Pairs, String>,
}

/// What both did in a second, pair by pair.
#[derive(Debug, Clone, Default)]
pub(crate) struct Pairs {
    rates: Vec<(f64, f64)>,
    latencies: Vec<(Duration, Duration)>,
}

/// The middle of some values, and the ends.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Spread {
    median: f64,
    least: f64,
    most: f64,
}

impl Pairs {
    /// Adds a pair: what spike did in a second, and what the baseline did.
    pub(crate) fn push(&mut self, ours: f64, theirs: f64) {
        self.rates.push((ours, theirs));
    }

    /// Notes what half of spike's answers in a run took at most, and what 99 of 100 took.
    pub(crate) fn took(&mut self, median: Duration, p99: Duration) {
        self.latencies.push((median, p99));
    }

    fn spread(&self, of: impl Fn(&(f64, f64)) -> f64) -> Spread {
        spread(self.rates.iter().map(of).collect())
    }
}

fn spread(mut values: Vec<f64>) -> Spread {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    let median = match values.len() {
        0 => f64::NAN,
        len if len % 2 == 1 => values[middle],
        _ => f64::midpoint(values[middle - 1], values[middle]),
    };
    let end = |value: Option<&f64>| value.copied().unwrap_or(f64::NAN);
    Spread { median, least: end(values.first()), most: end(values.last()) }
}

/// The heads of the columns that a [`Line`] prints.
pub(crate) struct Head;

impl fmt::Display for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:<64}{:>6}{:>7}{:>8}{:>16}{:>10}{:>11}{:>9}{:>9}",
            "ratio of what is done in a second, spike / baseline",
            "conn.",
            "pairs",
            "median",
            "least … most",
            "spike/s",
            "baseline/s",
            "p50 ms",
            "p99 ms",
        )
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let connections = self.connections.map_or_else(|| "-".to_owned(), |count| count.to_string());
        write!(f, "{:<64}{connections:>6}", self.title)?;
        let pairs = match &self.result {
            Ok(pairs) => pairs,
            Err(why) => return write!(f, "  no figure: {why}"),
        };
        let ratio = pairs.spread(|(ours, theirs)| ours / theirs);
        let (ours, theirs) = (pairs.spread(|pair| pair.0).median, pairs.spread(|pair| pair.1).median);
        let ends = format!("{:.2} … {:.2}", ratio.least, ratio.most);
        write!(f, "{:>7}{:>8.2}{ends:>16}{ours:>10.0}{theirs:>11.0}", pairs.rates.len(), ratio.median)?;
        if pairs.latencies.is_empty() {
            return write!(f, "{:>9}{:>9}", "-", "-");
        }
        let millis = |of: fn(&(Duration, Duration)) -> Duration| {
            spread(pairs.latencies.iter().map(|latency| of(latency).as_secs_f64() * 1_000.0).collect()).median
        };
        write!(f, "{:>9.1}{:>9.1}", millis(|latency| latency.0), millis(|latency| latency.1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ratio_is_the_median_of_the_pairs_and_not_the_ratio_of_the_medians() {
        let mut pairs = Pairs::default();
        for (ours, theirs) in [(10.0, 100.0), (50.0, 50.0), (90.0, 10.0)] {
            pairs.push(ours, theirs);
        }
        let ratio = pairs.spread(|(ours, theirs)| ours / theirs);
        assert_eq!(ratio, Spread { median: 1.0, least: 0.1, most: 9.0 });
        let line = Line { title: "grabs / nothing".to_owned(), connections: Some(64), result: Ok(pairs) }.to_string();
        assert!(line.contains("1.00     0.10 … 9.00        50         50"), "{line}");
        assert_eq!(spread(vec![4.0, 1.0]), Spread { median: 2.5, least: 1.0, most: 4.0 });
        assert!(spread(Vec::new()).median.is_nan());
    }

    #[test]
    fn a_line_that_went_wrong_has_no_figure() {
        let line =
            Line { title: "grabs".to_owned(), connections: None, result: Err("the report: 1, and not 2".into()) };
        assert!(line.to_string().ends_with("no figure: the report: 1, and not 2"));
    }
}
