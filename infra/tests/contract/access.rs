//! The contract of the store of access rules and lists.

pub(crate) mod lists;
pub(crate) mod rules;

/// All of it, on what `$open` opens.
macro_rules! access_suite {
    ($open:path) => {
        cases! { $open => access::rules:
            rules_are_replaced_and_keep_their_order
            rules_that_refer_to_nothing_are_not_saved
            rules_note_the_lists_that_they_refer_to
            a_deleted_campaign_refers_to_no_list
        }
        cases! { $open => access::lists:
            a_list_is_read_back_as_it_was_stored
            a_list_that_cannot_be_is_not_stored
            users_are_put_on_a_list_and_taken_off
            an_update_that_is_refused_changes_nothing
            a_list_in_use_keeps_its_name
            a_deleted_list_leaves_nothing_behind
            lists_and_members_are_listed_in_pages
            users_that_are_added_at_once_are_all_kept
        }
    };
}
