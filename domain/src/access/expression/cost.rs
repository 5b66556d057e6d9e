//! The most work that evaluating a rule can be, found without evaluating it.
//!
//! Every loop of a rule is over something whose size is known: a list written out, the roles or the
//! attributes of a user. So the number of steps is known as well, nested loops multiplied, and so
//! is the size of every value, which concatenation in nested loops could otherwise double again
//! and again. It trusts that the types were checked and knows nothing of positions but to report.

use super::bounds::{MAX_ATTRIBUTES, MAX_ROLES, MAX_STEPS, MAX_VALUE_BYTES, TYPICAL_TEXT_BYTES};
use super::error::{ExpressionError, ExpressionErrorKind as Error};
use super::tree::{Binary, Kind, Macro, MacroKind, Node};

/// What a number, a bool or a time takes, and a string besides its text.
const SCALAR_BYTES: u64 = 32;

/// How many bytes are copied or compared in one step.
const BYTES_A_STEP: u64 = 64;

/// How large a value can be.
#[derive(Clone, Debug)]
struct Bound {
    /// The elements of a list or a map; 1 for anything else.
    elements: u64,
    /// All of its memory.
    bytes: u64,
    /// The largest element, key or entry.
    element: Option<Box<Bound>>,
}

impl Bound {
    fn scalar() -> Self {
        Self::text(0)
    }

    fn text(bytes: u64) -> Self {
        Self { elements: 1, bytes: bytes.saturating_add(SCALAR_BYTES), element: None }
    }

    fn of(elements: u64, element: Self) -> Self {
        Self {
            elements,
            bytes: SCALAR_BYTES.saturating_add(elements.saturating_mul(element.bytes)),
            element: Some(Box::new(element)),
        }
    }

    fn element(&self) -> Self {
        self.element.as_deref().cloned().unwrap_or_else(Self::scalar)
    }

    /// Large enough for either.
    fn either(self, other: Self) -> Self {
        let element = match (self.element, other.element) {
            (Some(a), Some(b)) => Some(Box::new(a.either(*b))),
            (a, b) => a.or(b),
        };
        Self { elements: self.elements.max(other.elements), bytes: self.bytes.max(other.bytes), element }
    }

    /// Large enough for both, one after the other.
    fn joined(self, other: Self) -> Self {
        let (elements, bytes) = (self.elements.saturating_add(other.elements), self.bytes.saturating_add(other.bytes));
        Self { elements, bytes, ..self.either(other) }
    }
}

type Sized = Result<Bound, ExpressionError>;

/// Refuses a rule that could take too long or too much memory.
pub(super) fn check_cost(rule: &Node) -> Result<(), ExpressionError> {
    let mut meter = Meter { steps: 0, repeats: 1, scopes: Vec::new() };
    meter.node(rule).map(|_| ())
}

struct Meter {
    steps: u64,
    /// How often the current part is evaluated.
    repeats: u64,
    scopes: Vec<(String, Bound)>,
}

impl Meter {
    fn charge(&mut self, at: &Node, steps: u64) -> Result<(), ExpressionError> {
        let steps = steps.saturating_mul(self.repeats);
        self.steps = self.steps.saturating_add(steps);
        if self.steps > MAX_STEPS {
            let message = format!("the rule could take more than {MAX_STEPS} steps to evaluate");
            return Err(at.start().error(Error::TooCostly, message));
        }
        Ok(())
    }

    /// The size of `node`, whose steps are added to the total.
    fn node(&mut self, node: &Node) -> Sized {
        let bound = self.size(node)?;
        // A name, a field and a literal are borrowed, everything else may be copied.
        let copied = match node.kind {
            Kind::Name(_) | Kind::Select(..) | Kind::Text(_) => 0,
            _ => bound.bytes / BYTES_A_STEP,
        };
        self.charge(node, copied.saturating_add(1))?;
        if bound.bytes > MAX_VALUE_BYTES {
            let message = format!("a value in the rule could grow over {MAX_VALUE_BYTES} bytes");
            return Err(node.start().error(Error::TooCostly, message));
        }
        Ok(bound)
    }

    fn size(&mut self, node: &Node) -> Sized {
        Ok(match &node.kind {
            Kind::Bool(_) | Kind::Int(_) | Kind::Double(_) | Kind::InList(_) => Bound::scalar(),
            Kind::Text(text) => Bound::text(length(text.len())),
            Kind::Name(name) => {
                let mut scopes = self.scopes.iter().rev();
                let found = scopes.find(|(n, _)| n == name).map(|(_, bound)| bound.clone());
                found.unwrap_or_else(Bound::scalar)
            }
            Kind::Select(of, field) => match &of.kind {
                Kind::Name(record) if !self.is_local(record) => fact(&field.name),
                _ => self.node(of)?.element(),
            },
            Kind::Has(of, _) => {
                // A variable that only has fields has no size of its own.
                if !matches!(of.kind, Kind::Name(_)) {
                    self.node(of)?;
                }
                Bound::scalar()
            }
            Kind::Index(of, key) => {
                self.node(key)?;
                self.node(of)?.element()
            }
            Kind::Not(of) | Kind::Negate(of) => {
                self.node(of)?;
                Bound::scalar()
            }
            Kind::Binary(operator, left, right) => self.binary(node, *operator, left, right)?,
            Kind::Logic(_, terms) => {
                for term in terms {
                    self.node(term)?;
                }
                self.charge(node, length(terms.len()))?;
                Bound::scalar()
            }
            Kind::Choose(condition, then, otherwise) => {
                self.node(condition)?;
                let then = self.node(then)?;
                then.either(self.node(otherwise)?)
            }
            Kind::List(elements) => self.collect(elements.iter())?,
            Kind::Map(entries) => {
                self.charge(node, length(entries.len()).saturating_mul(2))?;
                let mut bound = self.collect(entries.iter().flat_map(|(k, v)| [k, v]))?;
                bound.elements /= 2;
                bound
            }
            Kind::Call(name, arguments) => {
                let bound = self.collect(arguments.iter())?;
                // `string` of a string gives it back; everything else fits in a short one.
                if name == "string" { Bound::text(bound.element().bytes.max(64)) } else { Bound::scalar() }
            }
            Kind::Method(of, _, arguments) => {
                let mut bytes = self.node(of)?.bytes;
                for argument in arguments {
                    bytes = bytes.saturating_add(self.node(argument)?.bytes);
                }
                // Searching a text, or loading a time zone.
                self.charge(node, (bytes / BYTES_A_STEP).saturating_add(2))?;
                Bound::scalar()
            }
            Kind::Macro(each) => self.each(each)?,
        })
    }

    fn is_local(&self, name: &str) -> bool {
        self.scopes.iter().any(|(n, _)| n == name)
    }

    fn binary(&mut self, node: &Node, operator: Binary, left: &Node, right: &Node) -> Sized {
        let (a, b) = (self.node(left)?, self.node(right)?);
        let compared = a.bytes.saturating_add(b.bytes) / BYTES_A_STEP;
        let visited = a.elements.max(b.elements);
        match operator {
            // Texts and lists grow; a number does not.
            Binary::Add => Ok(a.joined(b)),
            Binary::Subtract | Binary::Multiply | Binary::Divide | Binary::Remainder => Ok(Bound::scalar()),
            _ => {
                self.charge(node, compared.saturating_add(visited))?;
                Ok(Bound::scalar())
            }
        }
    }

    fn collect<'n>(&mut self, parts: impl Iterator<Item = &'n Node>) -> Sized {
        let mut whole = Bound { elements: 0, bytes: SCALAR_BYTES, element: None };
        for part in parts {
            let bound = self.node(part)?;
            whole = whole.joined(Bound::of(1, bound));
        }
        Ok(whole)
    }

    fn each(&mut self, each: &Macro) -> Sized {
        let range = self.node(&each.range)?;
        let element = range.element();
        let outside = self.repeats;
        self.repeats = outside.saturating_mul(range.elements);
        // The loop itself: its condition, its variable and its result so far.
        self.charge(&each.body, (element.bytes / BYTES_A_STEP).saturating_add(4))?;
        self.scopes.push((each.variable.name.clone(), element));
        if let Some(filter) = &each.filter {
            self.node(filter)?;
        }
        let body = self.node(&each.body)?;
        self.scopes.pop();
        self.repeats = outside;
        Ok(match each.kind {
            MacroKind::Map => Bound::of(range.elements, body),
            MacroKind::Filter => range,
            MacroKind::All | MacroKind::Exists | MacroKind::ExistsOne => Bound::scalar(),
        })
    }
}

/// The size of a field of `user` or `campaign`.
fn fact(field: &str) -> Bound {
    match field {
        "roles" => Bound::of(length(MAX_ROLES), Bound::text(16)),
        "attributes" => Bound::of(length(MAX_ATTRIBUTES), Bound::text(TYPICAL_TEXT_BYTES)),
        "id" | "title" => Bound::text(TYPICAL_TEXT_BYTES),
        _ => Bound::scalar(),
    }
}

fn length(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}
