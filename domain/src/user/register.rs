//! Registration: a form becomes an account, or learns all that is wrong with it at once.

use std::{collections::BTreeMap, sync::Arc};

use chrono::NaiveDate;

use super::{
    account::{self, FormError, IdNumber, Password, Phone, Role, User, Username, WorkStatus},
    ports::{AccountStore, NewUser, PasswordHasher, Taken},
};
use crate::{
    clock::Clock,
    error::{Failure, Refusal, Refusals},
    id::IdSource,
};

/// The form as a client sent it.
#[derive(Clone)]
#[expect(missing_docs, reason = "the fields of the graph's RegisterInput")]
pub struct RegisterForm {
    pub username: String,
    pub phone: String,
    pub password: String,
    pub birth_date: NaiveDate,
    pub work_status: WorkStatus,
    pub id_number: Option<String>,
}

/// Why an account was not made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "described in the graph, under RegisterErrorCode")]
pub enum RegisterRefusal {
    InvalidUsername,
    InvalidPhone,
    InvalidPassword,
    InvalidBirthDate,
    InvalidIdNumber,
    UsernameTaken,
    PhoneTaken,
    IdNumberTaken,
}

/// Makes accounts.
pub struct Registration {
    accounts: Arc<dyn AccountStore>,
    passwords: Arc<dyn PasswordHasher>,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn IdSource>,
}

impl Registration {
    /// Wires the service.
    pub fn new(
        accounts: Arc<dyn AccountStore>,
        passwords: Arc<dyn PasswordHasher>,
        clock: Arc<dyn Clock>,
        ids: Arc<dyn IdSource>,
    ) -> Self {
        Self { accounts, passwords, clock, ids }
    }

    /// Makes an account with these roles.
    pub async fn register(&self, form: &RegisterForm, roles: &[Role]) -> Result<User, Failure<RegisterRefusal>> {
        use RegisterRefusal as Code;
        let now = self.clock.now();
        let mut refusals = Refusals::default();
        let at = |code, field| move |error: FormError| Refusal::at(code, field, error.to_string());

        let username = refusals.keep(Username::parse(&form.username).map_err(at(Code::InvalidUsername, "username")));
        let phone = refusals.keep(Phone::parse(&form.phone).map_err(at(Code::InvalidPhone, "phone")));
        let password = Password::choose(&form.password, username.as_ref(), phone.as_ref());
        let password = refusals.keep(password.map_err(at(Code::InvalidPassword, "password")));
        let birth_date = account::birth_date(form.birth_date, now).map_err(at(Code::InvalidBirthDate, "birthDate"));
        let birth_date = refusals.keep(birth_date);
        let id_number = form.id_number.as_deref().map(IdNumber::parse).transpose();
        let id_number = refusals.keep(id_number.map_err(at(Code::InvalidIdNumber, "idNumber")));
        refusals.check()?;
        let (Some(username), Some(phone), Some(password), Some(birth_date), Some(id_number)) =
            (username, phone, password, birth_date, id_number)
        else {
            return Err(Failure::Refused(Vec::new()));
        };

        let new = NewUser {
            password_hash: self.passwords.hash(&password).await?,
            user: User {
                id: self.ids.next(now),
                username,
                phone,
                work_status: form.work_status,
                birth_date,
                roles: roles.to_vec(),
                attributes: BTreeMap::new(),
                created_at: now,
            },
            id_number,
        };
        match self.accounts.insert(&new).await? {
            Ok(()) => Ok(new.user),
            Err(Taken::Username) => Err(Refusal::at(Code::UsernameTaken, "username", "this username is taken").into()),
            Err(Taken::Phone) => Err(Refusal::at(Code::PhoneTaken, "phone", "this phone number has an account").into()),
            Err(Taken::IdNumber) => {
                Err(Refusal::at(Code::IdNumberTaken, "idNumber", "this ID number has an account").into())
            }
        }
    }
}
