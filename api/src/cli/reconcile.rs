//! `spike reconcile`: hold the stock store, the queue and the database against each other, repair what differs, and
//! check the ledgers of every campaign.
#![expect(clippy::print_stdout, reason = "the command line talks to its user")]

use clap::Args;
use domain::{
    admin::{
        ports::{CampaignFilter, LedgerFigures},
        report::balanced,
    },
    page::{MAX_PAGE, PageRequest},
    spike::{Campaign, reconcile::Findings},
};

use super::offline::Offline;
use crate::{config::Config, data_dir, error::StartError};

#[derive(Debug, Clone, Copy, Default, Args)]
pub(super) struct Options {
    /// Say what differs and change nothing
    #[arg(long)]
    dry_run: bool,
}

pub(super) async fn run(config: &Config, options: Options) -> Result<(), StartError> {
    // Stock in the memory of a server cannot be reached from here: then its own tasks see to it.
    let mut out_of_reach = false;
    let _claim = match config.private_parts().as_slice() {
        [] => None,
        _ => match data_dir::claim(&config.data_dir) {
            Ok(claim) => Some(claim),
            Err(StartError::DataDirInUse { .. }) => {
                out_of_reach = true;
                None
            }
            Err(error) => return Err(error),
        },
    };
    let offline = Offline::open(config).await?;
    let checked = async {
        if out_of_reach {
            println!("a server is running on this data dir; what it left behind is its own to take up");
        } else {
            if !options.dry_run {
                take_up(&offline).await?;
            }
            queue(&offline).await?;
        }
        campaigns(&offline, options).await
    };
    let unbalanced = checked.await;
    offline.close().await?;
    match unbalanced? {
        0 => Ok(()),
        count => Err(StartError::Unbalanced(count)),
    }
}

/// Does what processes that died left behind.
async fn take_up(offline: &Offline) -> Result<(), StartError> {
    let (mut notes, mut holds) = (0, 0);
    loop {
        match offline.services.follow_ups.sweep().await? {
            0 => break,
            done => notes += done,
        }
    }
    loop {
        match offline.services.relay.run_once().await? {
            0 => break,
            done => holds += done,
        }
    }
    println!("outbox: {notes} left behind, done now; {holds} holds published");
    Ok(())
}

async fn queue(offline: &Offline) -> Result<(), StartError> {
    let backlog = offline.services.bus.backlog().await?;
    println!("queue: {} waiting, {} put aside after too many failures", backlog.waiting, backlog.dead);
    Ok(())
}

/// Goes through every campaign. Returns how many do not balance in the end.
async fn campaigns(offline: &Offline, options: Options) -> Result<usize, StartError> {
    let ports = &offline.world.ports;
    let filter = CampaignFilter { states: Vec::new(), with_drafts: true, now: ports.clock.now() };
    let mut page = PageRequest { limit: MAX_PAGE, ..PageRequest::default() };
    let (mut count, mut unbalanced) = (0, 0);
    loop {
        let found = ports.campaigns.list(&filter, &page).await?;
        for campaign in &found.items {
            count += 1;
            unbalanced += usize::from(!reconcile(offline, campaign, options).await?);
        }
        match found.items.last() {
            Some(last) if found.has_next => page.after = Some(last.id),
            _ => break,
        }
    }
    println!("{count} campaigns, {unbalanced} of them do not balance");
    Ok(unbalanced)
}

/// Compares and repairs one campaign. Returns whether it balances in the end.
async fn reconcile(offline: &Offline, campaign: &Campaign, options: Options) -> Result<bool, StartError> {
    let reconciliation = &offline.services.reconciliation;
    let mut findings = reconciliation.compare(campaign.id).await?;
    for line in said(&findings) {
        println!("{} {} {line}", if options.dry_run { "DIFFERS   " } else { "repaired  " }, campaign.id);
    }
    if !options.dry_run && !findings.is_empty() {
        reconciliation.repair(campaign.id, &findings).await?;
        findings = reconciliation.compare(campaign.id).await?;
        for line in said(&findings) {
            println!("STILL     {} {line}", campaign.id);
        }
    }
    let Some(figures) = offline.world.ports.campaigns.figures(campaign.id, &[]).await? else { return Ok(true) };
    let fits = balanced(&figures, None, 0) && findings.is_empty();
    println!("{}", line(campaign, &figures, fits));
    Ok(fits)
}

fn said(findings: &Findings) -> Vec<String> {
    let mut lines = Vec::new();
    lines.extend(findings.lost.iter().map(|order| format!("{order}: its message was lost; published again")));
    lines.extend(findings.kept.iter().map(|order| format!("{order}: closed, and its units had not come back")));
    lines.extend(findings.unheld.iter().map(|order| format!("{order}: not held by the stock store; stock rebuilt")));
    lines.extend(findings.quantity.map(|(database, store)| {
        format!("quantity is {database} in the database and {store} in the stock store; stock rebuilt")
    }));
    lines
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
