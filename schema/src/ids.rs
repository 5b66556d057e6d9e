//! Identifiers at the edge: GraphQL's `ID` and cursors become typed ids of the domain, or `BAD_USER_INPUT`.

use async_graphql::ID;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::id::TypedId;

use crate::errors::{Problem, Result};

/// Reads an id. `argument` is where it stands, such as `input.campaignId`.
pub(crate) fn parse<I: TypedId>(id: &ID, argument: &str) -> Result<I> {
    id.parse().map_err(|error| Problem::bad_input(argument, error))
}

/// Reads an id that may be left out.
pub(crate) fn parse_any<I: TypedId>(id: Option<&ID>, argument: &str) -> Result<Option<I>> {
    id.map(|id| parse(id, argument)).transpose()
}

/// Reads a list of ids.
pub(crate) fn parse_all<I: TypedId>(ids: &[ID], argument: &str) -> Result<Vec<I>> {
    ids.iter().enumerate().map(|(i, id)| parse(id, &format!("{argument}.{i}"))).collect()
}

/// The form that clients see.
pub(crate) fn shown(id: impl TypedId) -> ID {
    ID(id.to_string())
}

/// The cursor of a row: opaque to clients, so that it may change.
pub(crate) fn cursor(id: impl TypedId) -> String {
    URL_SAFE_NO_PAD.encode(id.to_string())
}

/// Reads a cursor of a list of this kind of row.
pub(crate) fn read_cursor<I: TypedId>(cursor: &str) -> Option<I> {
    let bytes = URL_SAFE_NO_PAD.decode(cursor).ok()?;
    std::str::from_utf8(&bytes).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use domain::id::{OrderId, UserId};

    use super::*;

    #[test]
    fn cursors_round_trip_and_made_up_ones_are_refused() {
        let order: OrderId = parse(&ID("order_01h2xcejqtf2nbrexx3vqjhp41".to_owned()), "id").unwrap();
        assert_eq!(read_cursor(&cursor(order)), Some(order));
        assert_eq!(read_cursor::<UserId>(&cursor(order)), None, "a cursor of another list");
        for made_up in ["", "x", "MQ", "order_01h2xcejqtf2nbrexx3vqjhp41", "Zm9v=="] {
            assert_eq!(read_cursor::<OrderId>(made_up), None, "{made_up}");
        }
    }
}
