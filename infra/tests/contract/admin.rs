//! The contract of the stores of those who run sales.

pub(crate) mod adjusting;
pub(crate) mod audit;
pub(crate) mod campaigns;
pub(crate) mod figures;
pub(crate) mod listing;
pub(crate) mod products;

/// All of it, on what `$open` opens.
macro_rules! admin_suite {
    ($open:path) => {
        cases! { $open => admin::products:
            a_product_is_read_back_as_it_was_stored
            a_product_is_overwritten_until_it_is_deleted
            a_deleted_product_is_shown_but_not_listed
            a_product_is_in_use_until_its_campaigns_are_over
            products_are_listed_in_pages
        }
        cases! { $open => admin::campaigns:
            a_campaign_needs_a_product
            a_change_is_saved_over_the_version_before
            a_change_leaves_what_others_count
            one_of_two_changes_at_once_is_saved
            a_campaign_without_orders_is_deleted_with_all_of_it
            a_campaign_that_somebody_wants_stays
        }
        cases! { $open => admin::adjusting:
            stock_is_added_and_taken_away
            stock_is_never_less_than_orders_took_or_more_than_can_be
            adjustments_at_once_stop_at_the_guard
            an_adjustment_and_a_change_do_not_overwrite_each_other
            movements_are_listed_in_pages
        }
        cases! { $open => admin::listing:
            every_state_lists_what_is_in_it_at_every_moment
            campaigns_are_listed_in_pages
        }
        cases! { $open => admin::figures:
            a_campaign_that_is_unknown_has_no_figures
            a_new_campaign_has_empty_ledgers
            figures_are_sums_of_the_ledgers_of_one_campaign
            units_return_while_the_note_of_the_closing_change_is_there
        }
        cases! { $open => admin::audit:
            the_log_is_read_back_as_it_was_written
            the_log_is_listed_in_pages
        }
    };
}
