//! `spike admin create`: an account that runs sales.
#![expect(clippy::print_stdout, reason = "the command line talks to its user")]

use std::io::{self, IsTerminal};

use chrono::NaiveDate;
use clap::Subcommand;
use domain::user::{Role, WorkStatus, account::UnknownName, register::RegisterForm};

use super::offline::Offline;
use crate::{
    administrators::{self, Account},
    config::Config,
    error::StartError,
};

/// Where the password is taken from, so that it stands in no list of processes.
const PASSWORD: &str = "SPIKE_ADMIN_PASSWORD";

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Make an administrator, or make an account that exists one
    ///
    /// The password is read from `SPIKE_ADMIN_PASSWORD`, or asked for. An account of this phone number that
    /// exists keeps its password.
    Create {
        /// What the administrator signs in with
        #[arg(long)]
        phone: String,
        /// The name that others see
        #[arg(long)]
        username: String,
        /// Day of birth
        #[arg(long, value_name = "YYYY-MM-DD", default_value_t = administrators::BIRTH_DATE)]
        birth_date: NaiveDate,
        #[arg(
            long,
            value_name = "STATUS",
            help = "EMPLOYED, SELF_EMPLOYED, UNEMPLOYED, STUDENT or RETIRED",
            default_value = administrators::WORK_STATUS.name(),
            value_parser = work_status
        )]
        work_status: WorkStatus,
    },
}

fn work_status(text: &str) -> Result<WorkStatus, UnknownName> {
    text.to_uppercase().replace('-', "_").parse()
}

pub(super) async fn run(command: Command, config: &Config) -> Result<(), StartError> {
    let Command::Create { phone, username, birth_date, work_status } = command;
    let offline = Offline::open(config).await?;
    let password = password()?;
    let form = RegisterForm { username, phone, password, birth_date, work_status, id_number: None };
    let made = administrators::ensure(&offline.world.ports, &offline.services, &form, &[Role::Customer, Role::Admin]);
    match made.await? {
        Account::Made(user) => println!("made administrator {:?}, {}", user.username, user.id),
        Account::Found(user) if user.is_admin() => {
            println!("{:?}, {}, is an administrator already; its password was not changed", user.username, user.id);
        }
        Account::Found(user) => {
            offline.services.users.promote(&user.username).await?;
            println!("{:?}, {}, is an administrator now; its password was not changed", user.username, user.id);
        }
    }
    offline.close().await
}

fn password() -> Result<String, StartError> {
    match std::env::var(PASSWORD) {
        Ok(password) => return Ok(password),
        Err(std::env::VarError::NotUnicode(_)) => return Err(StartError::Usage(format!("{PASSWORD} is not UTF-8"))),
        Err(std::env::VarError::NotPresent) => {}
    }
    if !io::stdin().is_terminal() {
        return Err(StartError::Usage(format!("give the password in {PASSWORD}, or run this in a terminal")));
    }
    let ask = |prompt| rpassword::prompt_password(prompt).map_err(StartError::Terminal);
    let password = ask("Password: ")?;
    if ask("Once more: ")? == password {
        Ok(password)
    } else {
        Err(StartError::Usage("the two passwords differ".to_owned()))
    }
}
