//! Why somebody was not registered or signed in.

use async_graphql::Enum;

/// Why an account was not made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::user::register::RegisterRefusal")]
pub enum RegisterErrorCode {
    /// A username has 3 to 32 letters, digits, `_`, `-` or `.`, and begins with a letter or digit.
    InvalidUsername,
    /// A phone number has 7 to 15 digits, optionally after a `+`.
    InvalidPhone,
    /// A password has 8 to 128 characters and is nothing that is tried first.
    InvalidPassword,
    /// A birth date lies in the past, at most 130 years ago.
    InvalidBirthDate,
    /// An ID number has 6 to 32 letters or digits.
    InvalidIdNumber,
    /// Another account has this username.
    UsernameTaken,
    /// Another account has this phone number.
    PhoneTaken,
    /// Another account has this ID number.
    IdNumberTaken,
}

/// Why somebody was not signed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::user::sign_in::LoginRefusal")]
pub enum LoginErrorCode {
    /// There is no account with this phone and this password. Which of them is wrong is not told.
    WrongCredentials,
}

/// Why a session was not refreshed: in each case, sign in again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::user::session::RefreshRefusal")]
pub enum RefreshSessionErrorCode {
    /// Unknown, of a session that has ended, or not a refresh token at all.
    InvalidToken,
    /// It was not used in its lifetime.
    ExpiredToken,
    /// It was used before. The session is ended now, because someone else may hold its tokens.
    ReusedToken,
}

/// Why a session was not ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::user::session::LogoutRefusal")]
pub enum LogoutErrorCode {
    /// The text is not a refresh token at all, so no session was ended.
    InvalidToken,
}
