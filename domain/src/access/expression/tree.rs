//! The syntax tree of a rule: what the parser builds, the checks read and the lowering consumes.
//! It is plain data.

use super::error::Position;

/// A part of a rule.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) kind: Kind,
    /// Where an error about it points: an operator between operands, else its first character.
    pub(super) at: Position,
    /// The height of the tree under it, itself included.
    pub(super) depth: usize,
}

#[derive(Clone, Debug)]
pub(super) enum Kind {
    Bool(bool),
    Int(i64),
    Double(f64),
    Text(String),
    Name(String),
    /// `of.field`
    Select(Box<Node>, Field),
    /// `has(of.field)`
    Has(Box<Node>, Field),
    /// `inList("name")`
    InList(String),
    /// `of[key]`
    Index(Box<Node>, Box<Node>),
    Not(Box<Node>),
    Negate(Box<Node>),
    Binary(Binary, Box<Node>, Box<Node>),
    /// Two or more terms joined by the same connective.
    Logic(Logic, Vec<Node>),
    /// `condition ? then : otherwise`
    Choose(Box<Node>, Box<Node>, Box<Node>),
    List(Vec<Node>),
    Map(Vec<(Node, Node)>),
    /// `function(arguments)`
    Call(String, Vec<Node>),
    /// `of.function(arguments)`
    Method(Box<Node>, Field, Vec<Node>),
    Macro(Box<Macro>),
}

/// The name after a point, and where it stands.
#[derive(Clone, Debug)]
pub(super) struct Field {
    pub(super) name: String,
    pub(super) at: Position,
}

/// A condition or a mapping over the elements of a list or the keys of a map.
#[derive(Clone, Debug)]
pub(super) struct Macro {
    pub(super) kind: MacroKind,
    pub(super) range: Node,
    pub(super) variable: Field,
    /// The condition of `map(x, condition, body)`.
    pub(super) filter: Option<Node>,
    pub(super) body: Node,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MacroKind {
    All,
    Exists,
    ExistsOne,
    Filter,
    Map,
}

impl MacroKind {
    pub(super) fn from_name(name: &str) -> Option<Self> {
        match name {
            "all" => Some(Self::All),
            "exists" => Some(Self::Exists),
            "exists_one" | "existsOne" => Some(Self::ExistsOne),
            "filter" => Some(Self::Filter),
            "map" => Some(Self::Map),
            _ => None,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Logic {
    And,
    Or,
}

impl Logic {
    pub(super) fn symbol(self) -> &'static str {
        match self {
            Self::And => "&&",
            Self::Or => "||",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Binary {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    In,
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
}

impl Binary {
    pub(super) fn from_symbol(symbol: &str) -> Option<Self> {
        Some(match symbol {
            "==" => Self::Equal,
            "!=" => Self::NotEqual,
            "<" => Self::Less,
            "<=" => Self::LessOrEqual,
            ">" => Self::Greater,
            ">=" => Self::GreaterOrEqual,
            "in" => Self::In,
            "+" => Self::Add,
            "-" => Self::Subtract,
            "*" => Self::Multiply,
            "/" => Self::Divide,
            "%" => Self::Remainder,
            _ => return None,
        })
    }

    pub(super) fn symbol(self) -> &'static str {
        match self {
            Self::Equal => "==",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
            Self::In => "in",
            Self::Add => "+",
            Self::Subtract => "-",
            Self::Multiply => "*",
            Self::Divide => "/",
            Self::Remainder => "%",
        }
    }

    /// How tightly it binds: comparisons least, as in CEL.
    pub(super) fn precedence(self) -> u8 {
        match self {
            Self::Add | Self::Subtract => 2,
            Self::Multiply | Self::Divide | Self::Remainder => 3,
            _ => 1,
        }
    }
}

impl Kind {
    /// The height of the tallest part.
    pub(super) fn height(&self) -> usize {
        let tallest = |nodes: &[Node]| nodes.iter().map(|n| n.depth).max().unwrap_or(0);
        match self {
            Self::Bool(_) | Self::Int(_) | Self::Double(_) | Self::Text(_) | Self::Name(_) | Self::InList(_) => 0,
            Self::Select(of, _) | Self::Has(of, _) | Self::Not(of) | Self::Negate(of) => of.depth,
            Self::Index(left, right) | Self::Binary(_, left, right) => left.depth.max(right.depth),
            // Lowered to a balanced tree, so n terms are log2(n) deep.
            Self::Logic(_, terms) => tallest(terms) + usize::BITS as usize - terms.len().leading_zeros() as usize - 1,
            Self::Choose(condition, then, otherwise) => condition.depth.max(then.depth).max(otherwise.depth),
            Self::List(elements) | Self::Call(_, elements) => tallest(elements),
            Self::Map(entries) => entries.iter().map(|(key, value)| key.depth.max(value.depth)).max().unwrap_or(0),
            Self::Method(of, _, arguments) => of.depth.max(tallest(arguments)),
            // The loop that it is lowered to puts the body three levels down.
            Self::Macro(each) => {
                let inside = each.filter.as_ref().map_or(0, |f| f.depth);
                each.range.depth.max(inside.max(each.body.depth) + 2)
            }
        }
    }
}

impl Node {
    /// The first character of it, where `at` is the operator in its middle.
    pub(super) fn start(&self) -> Position {
        match &self.kind {
            Kind::Binary(_, left, _)
            | Kind::Choose(left, _, _)
            | Kind::Index(left, _)
            | Kind::Select(left, _)
            | Kind::Method(left, _, _) => left.start(),
            Kind::Logic(_, terms) => terms.first().map_or(self.at, Self::start),
            Kind::Macro(each) => each.range.start(),
            _ => self.at,
        }
    }
}
