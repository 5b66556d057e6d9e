//! Reads tokens into a syntax tree. It decides what is grammatical and how deep a rule may be, and
//! knows nothing of variables and types.
//!
//! The parser of the `cel` crate is not used: in a debug build it needs over 100 KB of stack for each
//! level of nesting, so that a short rule can overflow the stack and abort the process, and its
//! recovery from errors can take 18 ms for 700 characters in a release build. Its other parser, the
//! feature `parser_pratt`, gives no positions. Here time and memory are linear in the source, and the
//! stack is bounded by [`MAX_NESTING`]. That both read the same language is tested in
//! `dialect_test`.

use super::bounds::{MAX_DEPTH, MAX_NESTING};
use super::builtin;
use super::error::{ExpressionError, ExpressionErrorKind as Error, Position};
use super::token::{Placed, Token, tokens};
use super::tree::{Binary, Field, Kind, Logic, Node};

/// Words that CEL keeps for itself.
const RESERVED: [&str; 18] = [
    "as",
    "break",
    "const",
    "continue",
    "else",
    "for",
    "function",
    "if",
    "import",
    "in",
    "let",
    "loop",
    "namespace",
    "package",
    "return",
    "var",
    "void",
    "while",
];

pub(super) type Parsed = Result<Node, ExpressionError>;

/// The tree of `source`.
pub(super) fn parse(source: &str) -> Parsed {
    let mut parser = Parser { tokens: tokens(source)?.into_iter().peekable(), at: Position::START, nesting: 0 };
    let node = parser.expression()?;
    match parser.next() {
        Token::End => Ok(node),
        token => Err(parser.unexpected(&token, "the end of the rule")),
    }
}

struct Parser {
    tokens: std::iter::Peekable<std::vec::IntoIter<Placed>>,
    /// Where the last token that was taken starts.
    at: Position,
    nesting: usize,
}

impl Parser {
    fn next(&mut self) -> Token {
        match self.tokens.next() {
            Some(placed) => {
                self.at = placed.at;
                placed.token
            }
            None => Token::End,
        }
    }

    fn peek(&mut self) -> &Token {
        self.tokens.peek().map_or(&Token::End, |p| &p.token)
    }

    /// Takes the next token if it is `symbol`.
    fn accept(&mut self, symbol: &str) -> bool {
        let found = matches!(self.peek(), Token::Symbol(s) if *s == symbol);
        if found {
            self.next();
        }
        found
    }

    fn expect(&mut self, symbol: &'static str) -> Result<(), ExpressionError> {
        if self.accept(symbol) {
            return Ok(());
        }
        let token = self.next();
        Err(self.unexpected(&token, &format!("`{symbol}`")))
    }

    fn unexpected(&self, token: &Token, wanted: &str) -> ExpressionError {
        let found = match token {
            Token::Word(word) => format!("`{word}`"),
            Token::Integer(..) | Token::Double(_) => "a number".to_owned(),
            Token::Text(_) => "a text".to_owned(),
            Token::Symbol(symbol) => format!("`{symbol}`"),
            Token::End => "the end of the rule".to_owned(),
        };
        self.at.error(Error::Syntax, format!("expected {wanted}, found {found}"))
    }

    /// Runs `inner` one level deeper.
    fn nested(&mut self, inner: impl FnOnce(&mut Self) -> Parsed) -> Parsed {
        if self.nesting == MAX_NESTING {
            let at = self.tokens.peek().map_or(self.at, |p| p.at);
            let message = format!("a rule is nested at most {MAX_NESTING} levels deep");
            return Err(at.error(Error::TooDeep, message));
        }
        self.nesting += 1;
        let result = inner(self);
        self.nesting -= 1;
        result
    }

    fn expression(&mut self) -> Parsed {
        self.nested(|parser| {
            let condition = parser.logic(Logic::Or)?;
            if !parser.accept("?") {
                return Ok(condition);
            }
            let at = parser.at;
            let then = parser.logic(Logic::Or)?;
            parser.expect(":")?;
            let otherwise = parser.expression()?;
            let parts = (Box::new(condition), Box::new(then), Box::new(otherwise));
            node(at, Kind::Choose(parts.0, parts.1, parts.2))
        })
    }

    fn logic(&mut self, logic: Logic) -> Parsed {
        let mut terms = Vec::new();
        let mut at = self.at;
        loop {
            terms.push(match logic {
                Logic::Or => self.logic(Logic::And)?,
                Logic::And => self.binary(1)?,
            });
            if !self.accept(logic.symbol()) {
                break;
            }
            at = self.at;
        }
        match (terms.pop(), terms.is_empty()) {
            (Some(term), true) => Ok(term),
            (Some(term), false) => {
                terms.push(term);
                node(at, Kind::Logic(logic, terms))
            }
            (None, _) => Err(at.error(Error::Syntax, "expected an expression")),
        }
    }

    /// Operators that bind at least as tightly as `least`; equal ones group from the left.
    fn binary(&mut self, least: u8) -> Parsed {
        let mut left = self.unary()?;
        loop {
            let operator = match self.peek() {
                Token::Symbol(symbol) => Binary::from_symbol(symbol),
                Token::Word(word) => Binary::from_symbol(word),
                _ => None,
            };
            let Some(operator) = operator.filter(|o| o.precedence() >= least) else {
                return Ok(left);
            };
            self.next();
            let at = self.at;
            let right = self.binary(operator.precedence() + 1)?;
            left = node(at, Kind::Binary(operator, Box::new(left), Box::new(right)))?;
        }
    }

    fn unary(&mut self) -> Parsed {
        if self.accept("!") {
            let at = self.at;
            let operand = self.nested(Self::unary)?;
            return node(at, Kind::Not(Box::new(operand)));
        }
        if self.accept("-") {
            let at = self.at;
            // The sign belongs to the number: -9223372036854775808 has no positive.
            let number = match self.peek().clone() {
                Token::Integer(digits, base) => Some(integer(at, &format!("-{digits}"), base)?),
                Token::Double(number) => Some(Kind::Double(-number)),
                _ => None,
            };
            if let Some(kind) = number {
                self.next();
                let number = node(at, kind)?;
                return self.suffixes(number);
            }
            let operand = self.nested(Self::unary)?;
            return node(at, Kind::Negate(Box::new(operand)));
        }
        let primary = self.primary()?;
        self.suffixes(primary)
    }

    /// `.field`, `.function(…)` and `[key]` after `of`.
    fn suffixes(&mut self, mut of: Node) -> Parsed {
        loop {
            if self.accept(".") {
                let field = self.field()?;
                of = if self.accept("(") {
                    let arguments = self.list(")")?;
                    builtin::method(of, field, arguments)?
                } else {
                    node(field.at, Kind::Select(Box::new(of), field))?
                };
            } else if self.accept("[") {
                let at = self.at;
                let key = self.expression()?;
                self.expect("]")?;
                of = node(at, Kind::Index(Box::new(of), Box::new(key)))?;
            } else if self.accept("{") {
                let message = "rules do not build messages: `{` cannot follow a name";
                return Err(self.at.error(Error::Unsupported, message));
            } else {
                return Ok(of);
            }
        }
    }

    fn field(&mut self) -> Result<Field, ExpressionError> {
        match self.next() {
            Token::Word(name) if name != "in" => Ok(Field { name, at: self.at }),
            token => Err(self.unexpected(&token, "the name of a field")),
        }
    }

    /// Expressions up to `close`, with commas between them; a list may have one after the last.
    fn list(&mut self, close: &'static str) -> Result<Vec<Node>, ExpressionError> {
        let mut elements = Vec::new();
        if self.accept(close) {
            return Ok(elements);
        }
        loop {
            elements.push(self.expression()?);
            if !self.accept(",") {
                self.expect(close)?;
                return Ok(elements);
            }
            if close == "]" && self.accept(close) {
                return Ok(elements);
            }
        }
    }

    fn primary(&mut self) -> Parsed {
        let token = self.next();
        let at = self.at;
        let kind = match token {
            Token::Integer(digits, base) => integer(at, &digits, base)?,
            Token::Double(number) => Kind::Double(number),
            Token::Text(text) => Kind::Text(text),
            Token::Symbol("(") => {
                let inner = self.expression()?;
                self.expect(")")?;
                return Ok(inner);
            }
            Token::Symbol("[") => Kind::List(self.list("]")?),
            Token::Symbol("{") => self.map()?,
            Token::Word(word) => return self.word(word),
            token => return Err(self.unexpected(&token, "a value")),
        };
        node(at, kind)
    }

    fn map(&mut self) -> Result<Kind, ExpressionError> {
        let mut entries = Vec::new();
        while !self.accept("}") {
            let key = self.expression()?;
            self.expect(":")?;
            entries.push((key, self.expression()?));
            if !self.accept(",") {
                self.expect("}")?;
                break;
            }
        }
        Ok(Kind::Map(entries))
    }

    fn word(&mut self, word: String) -> Parsed {
        let at = self.at;
        if RESERVED.contains(&word.as_str()) {
            let message = format!("`{word}` is a reserved word");
            return Err(at.error(Error::Syntax, message));
        }
        let called = self.accept("(");
        let kind = match (word.as_str(), called) {
            ("true", false) => Kind::Bool(true),
            ("false", false) => Kind::Bool(false),
            ("null", _) => {
                let message = "nothing that a rule sees is null: use has(user.attributes.name)";
                return Err(at.error(Error::Unsupported, message));
            }
            (_, false) => Kind::Name(word),
            ("has", true) => builtin::has(at, self.list(")")?)?,
            ("inList", true) => builtin::in_list(at, self.list(")")?)?,
            (_, true) => Kind::Call(word, self.list(")")?),
        };
        node(at, kind)
    }
}

/// A node, unless the tree would be too deep.
pub(super) fn node(at: Position, kind: Kind) -> Parsed {
    let depth = kind.height() + 1;
    if depth > MAX_DEPTH {
        let message = format!("a rule is at most {MAX_DEPTH} operations deep: use fewer in a row");
        return Err(at.error(Error::TooDeep, message));
    }
    Ok(Node { kind, at, depth })
}

fn integer(at: Position, digits: &str, base: u32) -> Result<Kind, ExpressionError> {
    i64::from_str_radix(digits, base).map(Kind::Int).map_err(|_| at.error(Error::Syntax, "the number is too large"))
}
