//! Accounts of administrators that the operator asks for: in the configuration, or by a command.

use domain::{
    error::Failure,
    services::{Ports, Services},
    user::{
        Role, User,
        account::{Phone, Username, WorkStatus},
        register::{RegisterForm, RegisterRefusal},
    },
};

use crate::{
    config::Admin,
    error::{StartError, messages},
};

/// What an operator is not asked for: a day of birth and a livelihood matter to those who buy.
pub const BIRTH_DATE: chrono::NaiveDate = match chrono::NaiveDate::from_ymd_opt(1990, 1, 1) {
    Some(date) => date,
    None => chrono::NaiveDate::MIN,
};
/// See [`BIRTH_DATE`].
pub const WORK_STATUS: WorkStatus = WorkStatus::Employed;

/// What came of the wish for an account.
#[derive(Debug)]
pub enum Account {
    /// It was made, with the password that was given.
    Made(User),
    /// It was there. Its password is what it was.
    Found(User),
}

impl Account {
    /// The account.
    #[must_use]
    pub const fn user(&self) -> &User {
        match self {
            Self::Made(user) | Self::Found(user) => user,
        }
    }
}

/// Makes the account of this form if there is none of its phone number. An account of that phone number
/// with another name is somebody else's.
pub async fn ensure(
    ports: &Ports,
    services: &Services,
    form: &RegisterForm,
    roles: &[Role],
) -> Result<Account, StartError> {
    let administrator = |message: String| StartError::Administrator(message);
    let phone = Phone::parse(&form.phone).map_err(|error| administrator(error.to_string()))?;
    let username = Username::parse(&form.username).map_err(|error| administrator(error.to_string()))?;
    if let Some((user, _)) = ports.accounts.by_phone(&phone).await? {
        if !user.username.as_str().eq_ignore_ascii_case(username.as_str()) {
            let message = format!("the phone number of {:?} belongs to another account; choose another", form.username);
            return Err(administrator(message));
        }
        return Ok(Account::Found(user));
    }
    match services.registration.register(form, roles).await {
        Ok(user) => Ok(Account::Made(user)),
        Err(Failure::Refused(refusals)) => {
            let taken = refusals.iter().any(|refusal| refusal.code == RegisterRefusal::UsernameTaken);
            let advice = if taken { "; choose another, or give the phone number of that account" } else { "" };
            Err(administrator(format!("{:?}: {}{advice}", form.username, messages(&refusals))))
        }
        Err(Failure::Fault(fault)) => Err(fault.into()),
    }
}

/// Makes the first administrator of the configuration, if it names one and there is no such account.
///
/// An account that is there already and is no administrator is not made one: anybody could have registered
/// it. The command `admin create` does that, because there an operator decides it.
pub async fn first(ports: &Ports, services: &Services, admin: &Admin) -> Result<(), StartError> {
    let (Some(username), Some(phone), Some(password)) = (&admin.username, &admin.phone, &admin.password) else {
        return Ok(());
    };
    let form = RegisterForm {
        username: username.clone(),
        phone: phone.clone(),
        password: password.expose().to_owned(),
        birth_date: BIRTH_DATE,
        work_status: WORK_STATUS,
        id_number: None,
    };
    match ensure(ports, services, &form, &[Role::Customer, Role::Admin]).await? {
        Account::Made(user) => tracing::info!(user = %user.id, "made the first administrator"),
        Account::Found(user) if user.is_admin() => {}
        Account::Found(_) => {
            return Err(StartError::Administrator(format!(
                "admin.username: the account {username:?} is no administrator; make it one with \
                 `spike admin create`, or choose another name and phone number"
            )));
        }
    }
    Ok(())
}
