//! `spike reconcile`: check the ledgers of every campaign, and do what was left behind in the outbox.
#![expect(clippy::print_stdout, reason = "the command line talks to its user")]

use domain::{
    admin::{
        ports::{CampaignFilter, LedgerFigures},
        report::balanced,
    },
    page::{MAX_PAGE, PageRequest},
    services::Ports,
    spike::Campaign,
};

use super::offline::Offline;
use crate::{config::Config, data_dir, error::StartError};

pub(super) async fn run(config: &Config) -> Result<(), StartError> {
    // Units that come back must reach the stock, which is in the memory of the server if one runs: then the
    // outbox is the server's to sweep.
    let claim = match data_dir::claim(&config.data_dir) {
        Ok(claim) => Some(claim),
        Err(StartError::DataDirInUse { .. }) => None,
        Err(error) => return Err(error),
    };
    let offline = Offline::open(config).await?;
    let checked = if claim.is_some() {
        sweep(&offline).await
    } else {
        println!("a server is running on this data dir and sweeps the outbox itself");
        Ok(())
    };
    let unbalanced = match checked {
        Ok(()) => report(&offline.world.ports).await,
        Err(error) => Err(error),
    };
    offline.close().await?;
    match unbalanced? {
        0 => Ok(()),
        count => Err(StartError::Unbalanced(count)),
    }
}

async fn sweep(offline: &Offline) -> Result<(), StartError> {
    let mut done = 0;
    loop {
        match offline.services.follow_ups.sweep().await? {
            0 => break,
            notes => done += notes,
        }
    }
    println!("outbox: {done} left behind, done now");
    Ok(())
}

/// Checks every campaign. Returns how many do not balance.
///
/// Reads the database alone. Looking at a running campaign the way buyers do would open its stock in this
/// process.
async fn report(ports: &Ports) -> Result<usize, StartError> {
    let filter = CampaignFilter { states: Vec::new(), with_drafts: true, now: ports.clock.now() };
    let mut page = PageRequest { limit: MAX_PAGE, ..PageRequest::default() };
    let (mut campaigns, mut unbalanced) = (0, 0);
    loop {
        let found = ports.campaigns.list(&filter, &page).await?;
        for campaign in &found.items {
            let Some(figures) = ports.campaigns.figures(campaign.id, &[]).await? else { continue };
            let fits = balanced(&figures, None, 0);
            campaigns += 1;
            unbalanced += usize::from(!fits);
            println!("{}", line(campaign, &figures, fits));
        }
        match found.items.last() {
            Some(last) if found.has_next => page.after = Some(last.id),
            _ => break,
        }
    }
    println!("{campaigns} campaigns, {unbalanced} of them do not balance");
    Ok(unbalanced)
}

fn line(campaign: &Campaign, figures: &LedgerFigures, fits: bool) -> String {
    format!(
        "{} {} quantity {} = available {} + held {} + sold {}, {} on their way back; revenue {} of {} paid; {}",
        if fits { "ok        " } else { "UNBALANCED" },
        campaign.id,
        figures.quantity,
        figures.moved_available,
        figures.moved_held,
        figures.moved_sold,
        figures.returning,
        figures.revenue_minor,
        figures.paid_minor,
        campaign.title,
    )
}
