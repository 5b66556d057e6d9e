//! Which messages were heard, so that one that was lost on its way is noticed.
//!
//! Redis tells nobody when it loses one: a node of a cluster passes a message on to the others once, and drops it when its
//! connection to one of them is being made anew. So each process numbers its messages, signs of life among them, and
//! whoever hears a number that is not the next knows at most a second later.

use std::{collections::HashMap, time::Duration};

use tokio::time::Instant;

use super::SIGN_OF_LIFE;

/// What was heard on one connection.
pub(super) struct Heard {
    since: Instant,
    last: HashMap<String, u64>,
}

impl Heard {
    /// Within this time everybody who is there has said something.
    const ROUND: Duration = Duration::from_secs(2 * SIGN_OF_LIFE.as_secs());
    /// Processes that are remembered. More have been there only if they were started again that often.
    const MOST: usize = 1_000;

    /// Nothing yet, on a connection that is new at that moment.
    pub(super) fn nothing(since: Instant) -> Self {
        Self { since, last: HashMap::new() }
    }

    /// Notes a message. Returns whether one before it was lost.
    pub(super) fn lost_before(&mut self, from: &str, number: u64, at: Instant) -> bool {
        if let Some(last) = self.last.get_mut(from) {
            let lost = number > last.saturating_add(1);
            *last = number.max(*last);
            return lost;
        }
        if self.last.len() >= Self::MOST {
            *self = Self::nothing(at);
        }
        self.last.insert(from.to_owned(), number);
        // Who was there before this connection may be anywhere in its count, and who subscribes was told to look.
        number > 0 && at.duration_since(self.since) > Self::ROUND
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_that_is_left_out_is_noticed_once() {
        let begun = Instant::now();
        let mut heard = Heard::nothing(begun);
        let lost: Vec<bool> = [7, 8, 10, 11, 11, 9, 12, 20].map(|number| heard.lost_before("a", number, begun)).into();
        assert_eq!(lost, [false, false, true, false, false, false, false, true]);
    }

    #[test]
    fn each_process_counts_for_itself() {
        let begun = Instant::now();
        let mut heard = Heard::nothing(begun);
        for (from, number) in [("a", 3), ("b", 90), ("a", 4), ("b", 91)] {
            assert!(!heard.lost_before(from, number, begun), "{number} of {from}");
        }
    }

    #[test]
    fn whoever_comes_later_begins_at_nought() {
        let begun = Instant::now();
        let mut heard = Heard::nothing(begun);
        let later = begun + Heard::ROUND + Duration::from_millis(1);
        assert!(!heard.lost_before("a", 0, later));
        assert!(heard.lost_before("b", 1, later), "its first was lost");
        assert!(!heard.lost_before("b", 2, later));
    }

    #[test]
    fn no_more_are_remembered_than_there_can_be() {
        let begun = Instant::now();
        let mut heard = Heard::nothing(begun);
        for process in 0..=2 * Heard::MOST {
            heard.lost_before(&process.to_string(), 0, begun);
        }
        assert_eq!(heard.last.len(), 1);
    }
}
