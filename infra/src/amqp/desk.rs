//! Making letters of what waits to be published: holds of a partition share one, up to so many.

use std::collections::{BTreeMap, HashSet};

use domain::{error::Fault, id::OrderId, spike::Hold};

use super::{crowd, message, session::Letter, topology::Topology};

/// What is published.
pub(super) enum Item {
    /// Holds of a partition, which share a message with others of it.
    Holds { partition: u16, holds: Written },
    /// A message of its own.
    Letter(Letter),
}

/// Holds as they stand in a message.
pub(super) struct Written {
    /// Of which orders they are.
    orders: Vec<OrderId>,
    text: Vec<u8>,
}

impl Written {
    pub(super) fn of(holds: &[&Hold]) -> Result<Self, Fault> {
        Ok(Self { orders: holds.iter().map(|hold| hold.order_id).collect(), text: crowd::write(holds)? })
    }
}

/// Makes letters.
pub(super) struct Desk {
    pub(super) topology: Topology,
    /// The most holds that are put together into one.
    pub(super) batch: usize,
}

impl Desk {
    /// Makes letters of a group, and says which of them each of the group is in. What has an order in common goes in
    /// different ones.
    pub(super) fn pack(&self, group: Vec<Item>) -> (Vec<Letter>, Vec<usize>) {
        let mut letters = Vec::new();
        // The letter of a partition that may still have room, and what is in it.
        let mut open: BTreeMap<u16, (usize, Vec<Written>)> = BTreeMap::new();
        let mut letter_of = Vec::with_capacity(group.len());
        for item in group {
            match item {
                Item::Letter(letter) => {
                    letter_of.push(letters.len());
                    letters.push(letter);
                }
                Item::Holds { partition, holds } => {
                    if let Some((letter, crowds)) = open.get_mut(&partition)
                        && self.fits(crowds, &holds)
                    {
                        letter_of.push(*letter);
                        crowds.push(holds);
                        continue;
                    }
                    letter_of.push(letters.len());
                    if let Some((full, crowds)) = open.insert(partition, (letters.len(), vec![holds])) {
                        seal(&mut letters[full], &crowds);
                    }
                    letters.push(Letter::to(&self.topology.partition(partition), message::GRABS, Vec::new()));
                }
            }
        }
        for (letter, crowds) in open.into_values() {
            seal(&mut letters[letter], &crowds);
        }
        (letters, letter_of)
    }

    /// Whether holds have room in a letter, and none of them is in it already.
    fn fits(&self, crowds: &[Written], holds: &Written) -> bool {
        let within = || crowds.iter().flat_map(|crowd| &crowd.orders);
        if within().count() + holds.orders.len() > self.batch {
            return false;
        }
        let known: HashSet<&OrderId> = within().collect();
        holds.orders.iter().all(|order| !known.contains(order))
    }
}

fn seal(letter: &mut Letter, crowds: &[Written]) {
    letter.body = message::grabs(crowds.iter().map(|crowd| crowd.text.as_slice()));
}

#[cfg(test)]
mod tests {
    use domain::testing::{self, id, instant};

    use super::{super::options::AmqpOptions, *};

    fn orders(partition: u16, numbers: &[u128]) -> Item {
        let now = instant("2026-01-01T10:00:00Z");
        let holds: Vec<Hold> =
            numbers.iter().map(|number| Hold { order_id: id(*number), ..testing::hold(now) }).collect();
        Item::Holds { partition, holds: Written::of(&holds.iter().collect::<Vec<_>>()).unwrap() }
    }

    #[test]
    fn holds_of_a_partition_share_letters_and_no_order_is_in_one_twice() {
        let desk = Desk { topology: Topology::of(&AmqpOptions::at("")), batch: 4 };
        let alone = Letter::to(&desk.topology.dead(), message::PROBE, b"alone".to_vec());
        let group = vec![
            orders(0, &[1, 2]),
            orders(1, &[3]),
            Item::Letter(alone),
            // Has room beside the first.
            orders(0, &[4, 5]),
            // Has none any more.
            orders(0, &[6]),
            // Is in the last of its partition already, with another.
            orders(0, &[7, 6]),
            orders(1, &[8]),
            // More than a letter has by rule: it is not taken apart.
            orders(2, &[9, 10, 11, 12, 13]),
        ];
        let (letters, letter_of) = desk.pack(group);
        assert_eq!(letter_of, [0, 1, 2, 0, 3, 4, 1, 5]);
        let said: Vec<Vec<OrderId>> = [0, 1, 3, 4, 5]
            .map(|letter: usize| {
                let holds = message::read_grabs(&letters[letter].body).unwrap();
                holds.into_iter().map(|hold| hold.order_id).collect()
            })
            .into();
        let expected: [&[u128]; 5] = [&[1, 2, 4, 5], &[3, 8], &[6], &[7, 6], &[9, 10, 11, 12, 13]];
        assert_eq!(said, expected.map(|numbers| numbers.iter().map(|number| id(*number)).collect::<Vec<OrderId>>()));
        assert_eq!(letters[2].body, b"alone");
        assert_eq!(letters[3].key, desk.topology.partition(0).key);
    }
}
