//! Reading accounts, and proving who is an administrator.

use std::sync::Arc;

use super::{
    account::{Role, User, Username},
    ports::AccountStore,
    viewer::{Administrator, Viewer},
};
use crate::{
    admin::audit::Auditor,
    error::Fault,
    id::UserId,
    page::{Page, PageRequest},
};

/// Reads accounts.
pub struct Users {
    accounts: Arc<dyn AccountStore>,
    auditor: Auditor,
}

impl Users {
    /// Wires the service.
    pub fn new(accounts: Arc<dyn AccountStore>, auditor: Auditor) -> Self {
        Self { accounts, auditor }
    }

    /// One account.
    pub async fn by_id(&self, id: UserId) -> Result<Option<User>, Fault> {
        Ok(self.by_ids(&[id]).await?.pop())
    }

    /// Many accounts at once; unknown ids are left out.
    pub async fn by_ids(&self, ids: &[UserId]) -> Result<Vec<User>, Fault> {
        self.accounts.by_ids(ids).await
    }

    /// Proof that the viewer is an administrator, by the role in the database as it is now: a token
    /// that was issued before the role was taken away does not help.
    pub async fn administrator(&self, viewer: &Viewer) -> Result<Administrator, Fault> {
        let id = viewer.user()?;
        match self.by_id(id).await? {
            Some(user) if user.is_admin() => Ok(Administrator::proven(id)),
            _ => Err(Fault::Forbidden("only administrators may do this".into())),
        }
    }

    /// Proof that the viewer may see what belongs to `owner`: it is theirs, or they are an administrator.
    pub async fn may_see(&self, viewer: &Viewer, owner: UserId) -> Result<(), Fault> {
        if viewer.user()? == owner {
            return Ok(());
        }
        match self.administrator(viewer).await {
            Err(Fault::Forbidden(_)) => Err(Fault::Forbidden("this belongs to somebody else".into())),
            other => other.map(|_| ()),
        }
    }

    /// Lists accounts for administrators. `search` matches the beginning of a username or phone.
    pub async fn list(
        &self,
        _: Administrator,
        search: Option<&str>,
        page: &PageRequest<UserId>,
    ) -> Result<Page<User>, Fault> {
        let search = search.map(|text| cut(text.trim())).filter(|text| !text.is_empty());
        // No name has one, and PostgreSQL does not take every text that has.
        if search.is_some_and(|text| text.contains(char::is_control)) {
            return Ok(Page::from_rows(page, Vec::new(), page.with_total.then_some(0)));
        }
        self.accounts.list(search, page).await
    }

    /// Gives the role of an administrator to the account of this name: the operator's command.
    pub async fn promote(&self, username: &Username) -> Result<Option<User>, Fault> {
        let Some(user) = self.accounts.by_username(username).await? else { return Ok(None) };
        let audit = self.auditor.by_operator("grantRole", user.id, format!("role {}", Role::Admin.name()));
        self.accounts.grant(user.id, Role::Admin, &audit).await?;
        self.by_id(user.id).await
    }
}

/// A text of a length that a database can be asked for. It stays longer than any name or phone, so what is cut
/// off changes nothing: neither matches anybody.
fn cut(text: &str) -> &str {
    const LONGER_THAN_ANY: usize = 64;
    text.char_indices().nth(LONGER_THAN_ANY).map_or(text, |(end, _)| &text[..end])
}
