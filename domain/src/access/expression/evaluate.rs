//! Evaluates a compiled rule for some facts, with the interpreter of the `cel` crate.
//!
//! It is on the path of every grab, so the environment is built once, the facts are borrowed, and
//! only what the rule reads is prepared.

use std::collections::HashMap;
use std::ops::RangeInclusive;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, LazyLock};

use cel::common::ast::{CallExpr, Expr, IdedExpr, LiteralValue};
use cel::common::types::{CelBool, CelDouble, CelInt, CelList, CelMap, CelMapKey, CelString, CelTimestamp};
use cel::common::value::{CowVal, Val};
use cel::context::VariableResolver;
use cel::{Context, Env, ExecutionError, Value};
use chrono::{DateTime, Utc};

use super::bounds::{MAX_ATTRIBUTES, MAX_ROLES};
use super::check::Reads;
use super::error::EvaluationError;
use super::facts::{AttributeValue, Facts};
use super::lower::LIST_PREFIX;

/// The functions of CEL. It never changes, so one serves every rule.
static ENVIRONMENT: LazyLock<Arc<Env>> = LazyLock::new(|| Arc::new(Env::stdlib()));

/// The years 1 to 9999, which are those of CEL: `chrono` panics when it adds to later ones.
const SECONDS: RangeInclusive<i64> = -62_135_596_800..=253_402_300_799;

/// Whether `rule` holds for `facts`.
pub(super) fn evaluate(rule: &IdedExpr, reads: Reads, facts: &Facts) -> Result<bool, EvaluationError> {
    let scope = Scope::new(facts, reads)?;
    let run = || {
        let mut context = Context::with_env(Arc::clone(&ENVIRONMENT));
        context.set_variable_resolver(&scope);
        match Value::resolve_val(rule, &context) {
            Ok(value) => value.downcast_ref::<CelBool>().map(|b| *b.inner()).ok_or_else(|| {
                let found = value.get_type().name().to_owned();
                failure(format!("the rule gave a {found}, not true or false"))
            }),
            Err(error) => Err(failure(explain(&error))),
        }
    };
    // The interpreter reports what goes wrong; should one case panic after all, a rule that cannot
    // be decided must not take the request with it.
    catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|_| Err(failure("the rule could not be evaluated")))
}

/// Whether CEL knows a time zone of that name.
pub(super) fn is_time_zone(name: &str) -> bool {
    let ided = |expr| IdedExpr { id: 0, expr };
    let literal = |value| ided(Expr::Literal(value));
    let time = ided(Expr::Call(CallExpr {
        func_name: "timestamp".to_owned(),
        target: None,
        args: vec![literal(LiteralValue::Int(0.into()))],
    }));
    let hours = ided(Expr::Call(CallExpr {
        func_name: "getHours".to_owned(),
        target: Some(Box::new(time)),
        args: vec![literal(LiteralValue::String(name.to_owned().into()))],
    }));
    let context = Context::with_env(Arc::clone(&ENVIRONMENT));
    Value::resolve_val(&hours, &context).is_ok()
}

/// The facts as the variables of a rule.
struct Scope<'f> {
    facts: &'f Facts,
    roles: CelList<'f>,
    attributes: CelMap<'f>,
}

impl<'f> Scope<'f> {
    fn new(facts: &'f Facts, reads: Reads) -> Result<Self, EvaluationError> {
        let Facts { user, campaign, .. } = facts;
        for time in [facts.now, user.registered_at, campaign.starts_at, campaign.ends_at] {
            if !SECONDS.contains(&time.timestamp()) {
                return Err(failure("a time is not in the years 1 to 9999"));
            }
        }
        let mut roles: Vec<Box<dyn Val + 'f>> = Vec::new();
        if reads.roles {
            at_most(user.roles.len(), MAX_ROLES, "roles")?;
            for role in &user.roles {
                roles.push(Box::new(CelString::from(role.as_str())));
            }
        }
        let mut attributes: HashMap<CelMapKey<'f>, Box<dyn Val + 'f>> = HashMap::new();
        if reads.attributes {
            at_most(user.attributes.len(), MAX_ATTRIBUTES, "attributes")?;
            for (name, value) in &user.attributes {
                attributes.insert(name.as_str().into(), attribute(value));
            }
        }
        Ok(Self { facts, roles: roles.into(), attributes: attributes.into() })
    }
}

impl VariableResolver for Scope<'_> {
    /// The interpreter asks for the longest name first, so `user.age` is one variable and `user`
    /// never has to be built.
    fn resolve<'b>(&'b self, variable: &str) -> Option<CowVal<'b, 'b>> {
        let Facts { user, campaign, now, lists } = self.facts;
        Some(match variable {
            "user.age" => CowVal::owned(CelInt::from(user.age)),
            "user.workStatus" => text(&user.work_status),
            "user.roles" => CowVal::Borrowed(&self.roles),
            "user.registeredAt" => time(user.registered_at),
            "user.attributes" => CowVal::Borrowed(&self.attributes),
            "campaign.id" => text(&campaign.id),
            "campaign.title" => text(&campaign.title),
            "campaign.price" => CowVal::owned(CelDouble::from(campaign.price)),
            "campaign.currency" => text(&campaign.currency),
            "campaign.quantity" => CowVal::owned(CelInt::from(campaign.quantity)),
            "campaign.perUserLimit" => CowVal::owned(CelInt::from(campaign.per_user_limit)),
            "campaign.startsAt" => time(campaign.starts_at),
            "campaign.endsAt" => time(campaign.ends_at),
            "now" => time(*now),
            _ => {
                let list = variable.strip_prefix(LIST_PREFIX)?;
                CowVal::Borrowed(if lists.contains(list) { &CelBool::TRUE } else { &CelBool::FALSE })
            }
        })
    }
}

fn text(text: &str) -> CowVal<'_, '_> {
    CowVal::owned(CelString::from(text))
}

fn time<'b>(time: DateTime<Utc>) -> CowVal<'b, 'b> {
    CowVal::owned(CelTimestamp::from(time.fixed_offset()))
}

fn attribute(value: &AttributeValue) -> Box<dyn Val + '_> {
    match value {
        AttributeValue::Text(text) => Box::new(CelString::from(text.as_str())),
        AttributeValue::Number(number) => Box::new(CelDouble::from(*number)),
        AttributeValue::Flag(flag) => Box::new(CelBool::from(*flag)),
    }
}

/// The cost of a rule was bounded for so many; more of them are refused rather than gone through.
fn at_most(found: usize, most: usize, what: &str) -> Result<(), EvaluationError> {
    if found > most {
        return Err(failure(format!("the user has {found} {what}, over {most}")));
    }
    Ok(())
}

fn failure(message: impl Into<String>) -> EvaluationError {
    EvaluationError { message: message.into() }
}

/// What went wrong, without the inner representation of values that the crate's messages have.
fn explain(error: &ExecutionError) -> String {
    match error {
        ExecutionError::NoSuchKey(key) => format!("no such key: {key}"),
        ExecutionError::NoSuchOverload(overload) => overload.to_string(),
        ExecutionError::DivisionByZero(_) => "division by zero".to_owned(),
        ExecutionError::RemainderByZero(_) => "remainder by zero".to_owned(),
        ExecutionError::Overflow(operation, ..) => format!("overflow in {operation}"),
        ExecutionError::IndexOutOfBounds(_) => "an index is outside its list".to_owned(),
        ExecutionError::UnsupportedBinaryOperator(operation, ..) => {
            format!("the two sides of {operation} do not fit together")
        }
        ExecutionError::ValuesNotComparable(..) => "two values cannot be compared".to_owned(),
        ExecutionError::UnexpectedType { got, want } => format!("expected {want}, found {got}"),
        ExecutionError::FunctionError { function, message } => format!("{function}: {message}"),
        ExecutionError::DuplicateKey(_) => "a map has the same key twice".to_owned(),
        _ => "the rule could not be evaluated".to_owned(),
    }
}
