//! How large a rule may be: every limit in one place, and nothing but limits.
//!
//! A rule is written by an administrator, which is no reason to trust it: a stolen session must
//! not be able to stop a replica. The limits hold before, during and after parsing, and they are
//! what makes the recursive functions of this module and of the `cel` interpreter safe: the stack
//! that they can need is measured in `domain/tests/hostile_expressions.rs`.

/// The most characters in a rule.
pub(super) const MAX_CHARACTERS: usize = 1_000;

/// The most tokens in a rule: a list of 200 words fits.
pub(super) const MAX_TOKENS: usize = 500;

/// The most brackets, `?:` branches and prefix operators that may be open at once.
pub(super) const MAX_NESTING: usize = 10;

/// The deepest syntax tree, which chains such as `1 + 1 + 1` deepen without any nesting.
pub(super) const MAX_DEPTH: usize = 16;

/// The most steps, as `cost` counts them, that one evaluation may take. The worst rule within them
/// that a random search found took 1 ms in a release build, most rules take under a microsecond.
pub(super) const MAX_STEPS: u64 = 15_000;

/// The most bytes that one value may come to while a rule is evaluated.
pub(super) const MAX_VALUE_BYTES: u64 = 32 * 1024;

/// The most roles of a user that a rule can go through.
pub(super) const MAX_ROLES: usize = 8;

/// The most attributes of a user that a rule can go through.
pub(super) const MAX_ATTRIBUTES: usize = 64;

/// The length that the texts among the facts (a title, an attribute) are taken to have.
pub(super) const TYPICAL_TEXT_BYTES: u64 = 256;

/// The longest name of a list, in characters.
pub(super) const MAX_LIST_NAME: usize = 64;
