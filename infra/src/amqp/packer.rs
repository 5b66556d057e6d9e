//! Making letters of what waits to be published: holds of a partition share one, up to so many.
//!
//! An order may be in a letter twice, when its hold waited twice: who reads it counts it once ([`super::hand`]).

use std::collections::BTreeMap;

use domain::{error::Fault, spike::Hold};

use super::{bundle, message, session::Letter, topology::Topology};

/// What is published.
pub(super) enum Item {
    /// Holds of a partition, which share a message with others of it.
    Holds { partition: u16, holds: Enclosure },
    /// A message of its own.
    Letter(Letter),
}

/// Holds as they stand in a letter.
pub(super) struct Enclosure {
    count: usize,
    text: Vec<u8>,
}

impl Enclosure {
    pub(super) fn of(holds: &[&Hold]) -> Result<Self, Fault> {
        Ok(Self { count: holds.len(), text: bundle::write(holds)? })
    }
}

/// Makes letters.
pub(super) struct Packer {
    pub(super) topology: Topology,
    /// The most holds that are put together into one.
    pub(super) batch: usize,
}

/// A letter that may still have room, and what is in it.
struct Open {
    letter: usize,
    count: usize,
    enclosures: Vec<Enclosure>,
}

impl Packer {
    /// Makes letters of a group, and says which of them each of the group is in.
    pub(super) fn pack(&self, group: Vec<Item>) -> (Vec<Letter>, Vec<usize>) {
        let mut letters = Vec::new();
        // Of each partition.
        let mut open: BTreeMap<u16, Open> = BTreeMap::new();
        let mut letter_of = Vec::with_capacity(group.len());
        for item in group {
            match item {
                Item::Letter(letter) => {
                    letter_of.push(letters.len());
                    letters.push(letter);
                }
                Item::Holds { partition, holds } => {
                    if let Some(with_room) = open.get_mut(&partition)
                        && with_room.count + holds.count <= self.batch
                    {
                        letter_of.push(with_room.letter);
                        with_room.count += holds.count;
                        with_room.enclosures.push(holds);
                        continue;
                    }
                    let next = Open { letter: letters.len(), count: holds.count, enclosures: vec![holds] };
                    letter_of.push(next.letter);
                    letters.push(Letter::to(&self.topology.partition(partition), message::GRABS, Vec::new()));
                    if let Some(full) = open.insert(partition, next) {
                        full.seal(&mut letters);
                    }
                }
            }
        }
        for last in open.into_values() {
            last.seal(&mut letters);
        }
        (letters, letter_of)
    }
}

impl Open {
    fn seal(self, letters: &mut [Letter]) {
        letters[self.letter].body = message::grabs(self.enclosures.iter().map(|holds| holds.text.as_slice()));
    }
}

#[cfg(test)]
mod tests {
    use domain::{
        id::OrderId,
        testing::{self, id, instant},
    };

    use super::{super::options::AmqpOptions, *};

    fn orders(partition: u16, numbers: &[u128]) -> Item {
        let now = instant("2026-01-01T10:00:00Z");
        let holds: Vec<Hold> =
            numbers.iter().map(|number| Hold { order_id: id(*number), ..testing::hold(now) }).collect();
        Item::Holds { partition, holds: Enclosure::of(&holds.iter().collect::<Vec<_>>()).unwrap() }
    }

    #[test]
    fn holds_of_a_partition_share_letters() {
        let packer = Packer { topology: Topology::of(&AmqpOptions::at("")), batch: 4 };
        let alone = Letter::to(&packer.topology.dead(), message::PROBE, b"alone".to_vec());
        let group = vec![
            orders(0, &[1, 2]),
            orders(1, &[3]),
            Item::Letter(alone),
            // Has room beside the first.
            orders(0, &[4, 5]),
            // Has none any more.
            orders(0, &[6]),
            // Has room there, and is there already.
            orders(0, &[7, 6]),
            orders(1, &[8]),
            // More than a letter has by rule: it is not taken apart.
            orders(2, &[9, 10, 11, 12, 13]),
        ];
        let (letters, letter_of) = packer.pack(group);
        assert_eq!(letter_of, [0, 1, 2, 0, 3, 3, 1, 4]);
        let said: Vec<Vec<OrderId>> = [0, 1, 3, 4]
            .map(|letter: usize| {
                let holds = message::read_grabs(&letters[letter].body).unwrap();
                holds.into_iter().map(|hold| hold.order_id).collect()
            })
            .into();
        let expected: [&[u128]; 4] = [&[1, 2, 4, 5], &[3, 8], &[6, 7, 6], &[9, 10, 11, 12, 13]];
        assert_eq!(said, expected.map(|numbers| numbers.iter().map(|number| id(*number)).collect::<Vec<OrderId>>()));
        assert_eq!(letters[2].body, b"alone");
        assert_eq!(letters[3].key, packer.topology.partition(0).key);
    }
}
