//! Why rules, lists and attributes were not changed.

use async_graphql::Enum;

/// Why rules were not saved or tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::access::rules::RulesRefusal")]
pub enum AccessRuleErrorCode {
    /// There is no such campaign.
    CampaignNotFound,
    /// There is no such user.
    UserNotFound,
    /// A campaign has at most 20 rules.
    TooManyRules,
    /// A rule's name has 1 to 64 characters.
    InvalidName,
    /// Two rules have the same name.
    DuplicateName,
    /// A rule's message has 1 to 280 characters.
    InvalidMessage,
    /// The expression is no rule; the message says what is wrong with it and at which line and column.
    InvalidExpression,
    /// The expression asks for a list that does not exist.
    UnknownList,
}

/// Why a list was not changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::access::lists::ListRefusal")]
pub enum AccessListErrorCode {
    /// There is no such list.
    ListNotFound,
    /// A list's name has 1 to 64 letters, digits, `_` or `-`.
    InvalidName,
    /// A description has at most 1000 characters.
    InvalidDescription,
    /// Another list has this name.
    NameTaken,
    /// One of the users does not exist.
    UserNotFound,
    /// One call adds or removes at most 1000 users.
    TooManyUsers,
    /// Rules refer to the list by its name, so it can be neither deleted nor renamed.
    InUse,
}

/// Why attributes were not set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::access::attributes::AttributesRefusal")]
pub enum UserAttributesErrorCode {
    /// There is no such user.
    UserNotFound,
    /// Too many attributes, or one with a name or a value that cannot be.
    InvalidAttribute,
}
