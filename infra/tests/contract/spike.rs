//! The contract of the reader of campaigns.

pub(crate) mod reader;

/// All of it, on what `$open` opens.
macro_rules! spike_suite {
    ($open:path) => {
        cases! { $open => spike::reader:
            campaigns_are_read_by_their_ids
            a_stock_sheet_has_what_orders_took_and_what_was_asked_for
            an_epoch_is_raised_once
            a_campaign_that_is_unknown_has_no_stock_sheet
        }
    };
}
