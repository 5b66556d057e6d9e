//! Why a rule was refused, and where. It knows nothing of how a rule is read.

use std::fmt;

/// A rule that cannot be saved.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{line}:{column}: {message}")]
pub struct ExpressionError {
    /// The line of the mistake, from 1.
    pub line: u32,
    /// The column of the mistake, from 1, in characters.
    pub column: u32,
    /// What is wrong and how to put it right, for an administrator.
    pub message: String,
    /// What sort of mistake it is, for a program.
    pub kind: ExpressionErrorKind,
}

/// The sorts of mistake that a rule can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ExpressionErrorKind {
    /// The text is not a CEL expression.
    Syntax,
    /// CEL has it, rules do not: struct literals, bytes, `null` …
    Unsupported,
    /// A variable, field, function or enumerated value that does not exist.
    UnknownName,
    /// A function has too few or too many arguments, or the wrong kind of argument.
    Arguments,
    /// The types do not fit together, or the whole is not a `bool`.
    Type,
    /// More characters or tokens than a rule may have.
    TooLong,
    /// More nesting than a rule may have.
    TooDeep,
    /// It could take too long, or too much memory, to evaluate.
    TooCostly,
}

/// A rule that was saved but could not be decided for these facts.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct EvaluationError {
    /// What went wrong, for an administrator.
    pub message: String,
}

/// A place in the source of a rule, from 1:1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Position {
    pub(super) line: u32,
    pub(super) column: u32,
}

impl Position {
    pub(super) const START: Self = Self { line: 1, column: 1 };

    /// A mistake at this place.
    pub(super) fn error(self, kind: ExpressionErrorKind, message: impl fmt::Display) -> ExpressionError {
        ExpressionError { line: self.line, column: self.column, message: message.to_string(), kind }
    }
}
