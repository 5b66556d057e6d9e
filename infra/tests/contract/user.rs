//! The contract of the user stores: accounts, sessions, and signing keys.

pub(crate) mod accounts;
pub(crate) mod sessions;
pub(crate) mod signing_keys;

/// All of it, on what `$open` opens.
macro_rules! user_suite {
    ($open:path) => {
        cases! { $open => user::accounts:
            an_account_is_read_back_as_it_was_stored
            an_account_is_found_by_its_phone_and_by_its_name_in_any_case
            what_is_taken_is_refused_and_nothing_is_stored
            a_number_has_one_winner_among_many_at_once
            an_id_number_is_stored_as_a_digest
            a_role_is_given_once
            roles_that_are_given_at_once_are_all_kept
            attributes_are_replaced
            accounts_are_listed_in_pages
            a_search_matches_beginnings_and_no_wildcards
        }
        cases! { $open => user::sessions:
            a_session_is_found_by_the_hash_of_its_token
            a_token_is_rotated_once
            one_rotation_wins_among_many_at_once
            an_ended_session_rotates_no_token
            the_first_end_of_a_session_stays
            what_expired_is_purged_and_nothing_else
            a_purge_gets_through_many_batches
        }
        cases! { $open => user::signing_keys:
            keys_verify_until_their_end
            a_new_key_retires_the_others
            a_key_that_cannot_be_stored_retires_nothing
        }
    };
}
