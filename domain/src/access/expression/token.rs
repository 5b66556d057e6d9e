//! Splits the source of a rule into tokens. It reads each character once and bounds what it keeps;
//! what the tokens mean is the parser's business.

use super::bounds::{MAX_CHARACTERS, MAX_TOKENS};
use super::error::{ExpressionError, ExpressionErrorKind as Kind, Position};

/// The smallest parts of a rule.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    /// A name or a word of the language.
    Word(String),
    /// Digits of an integer, without sign and prefix, and their base.
    Integer(String, u32),
    /// A number with a point or an exponent.
    Double(f64),
    /// A text, with its escapes resolved.
    Text(String),
    /// An operator or a bracket.
    Symbol(&'static str),
    /// The end of the source.
    End,
}

/// A token and where it starts.
#[derive(Clone, Debug)]
pub(super) struct Placed {
    pub(super) token: Token,
    pub(super) at: Position,
}

/// Longer symbols first, so that `<=` is not read as `<`.
const SYMBOLS: [&str; 24] = [
    "&&", "||", "==", "!=", "<=", ">=", "<", ">", "+", "-", "*", "/", "%", "!", "?", ":", ".", ",", "(", ")", "[", "]",
    "{", "}",
];

/// Splits `source`; the last token is always [`Token::End`].
pub(super) fn tokens(source: &str) -> Result<Vec<Placed>, ExpressionError> {
    // The first test costs nothing however long the source is.
    if source.len() > MAX_CHARACTERS * 4 || source.chars().count() > MAX_CHARACTERS {
        let message = format!("a rule has at most {MAX_CHARACTERS} characters");
        return Err(Position::START.error(Kind::TooLong, message));
    }
    let mut reader = Reader { rest: source, at: Position::START };
    let mut tokens = Vec::new();
    loop {
        reader.skip_space();
        let at = reader.at;
        let token = reader.token()?;
        let last = token == Token::End;
        if !last && tokens.len() == MAX_TOKENS {
            let message = format!("a rule has at most {MAX_TOKENS} words, values and operators");
            return Err(at.error(Kind::TooLong, message));
        }
        tokens.push(Placed { token, at });
        if last {
            return Ok(tokens);
        }
    }
}

struct Reader<'a> {
    rest: &'a str,
    at: Position,
}

impl<'a> Reader<'a> {
    fn peek(&self) -> Option<char> {
        self.rest.chars().next()
    }

    fn advance(&mut self) -> Option<char> {
        let character = self.peek()?;
        self.rest = self.rest.get(character.len_utf8()..).unwrap_or_default();
        if character == '\n' {
            self.at.line += 1;
            self.at.column = 1;
        } else {
            self.at.column += 1;
        }
        Some(character)
    }

    /// What the characters that `wanted` accepts spell.
    fn take_while(&mut self, wanted: impl Fn(char) -> bool) -> &'a str {
        let start = self.rest;
        while self.peek().is_some_and(&wanted) {
            self.advance();
        }
        start.get(..start.len() - self.rest.len()).unwrap_or_default()
    }

    fn skip_space(&mut self) {
        loop {
            self.take_while(|c| matches!(c, ' ' | '\t' | '\r' | '\n' | '\u{c}'));
            if !self.rest.starts_with("//") {
                return;
            }
            self.take_while(|c| c != '\n');
        }
    }

    fn token(&mut self) -> Result<Token, ExpressionError> {
        let at = self.at;
        match self.peek() {
            None => Ok(Token::End),
            Some('"' | '\'') => self.text(),
            Some(c) if c.is_ascii_digit() => self.number(),
            Some(c) if c.is_ascii_alphabetic() || c == '_' => {
                let word = self.take_while(|c| c.is_ascii_alphanumeric() || c == '_');
                if matches!(self.peek(), Some('"' | '\'')) {
                    let message = "texts have no prefix: write \"…\" without letters before it";
                    return Err(at.error(Kind::Unsupported, message));
                }
                Ok(Token::Word(word.to_owned()))
            }
            Some(c) => {
                let found = SYMBOLS.iter().find(|s| self.rest.starts_with(**s));
                let Some(symbol) = found else {
                    return Err(at.error(Kind::Syntax, unexpected(c)));
                };
                for _ in 0..symbol.len() {
                    self.advance();
                }
                Ok(Token::Symbol(symbol))
            }
        }
    }

    fn number(&mut self) -> Result<Token, ExpressionError> {
        let at = self.at;
        let start = self.rest;
        if start.starts_with("0x") || start.starts_with("0X") {
            self.advance();
            self.advance();
            let digits = self.take_while(|c| c.is_ascii_hexdigit());
            self.end_of_number(at, !digits.is_empty())?;
            return Ok(Token::Integer(digits.to_owned(), 16));
        }
        let digits = self.take_while(|c| c.is_ascii_digit());
        let mut whole = true;
        let mut valid = true;
        let mut next = self.rest.chars().skip(1);
        if self.peek() == Some('.') && next.next().is_some_and(|c| c.is_ascii_digit()) {
            whole = false;
            self.advance();
            self.take_while(|c| c.is_ascii_digit());
        }
        if matches!(self.peek(), Some('e' | 'E')) {
            whole = false;
            self.advance();
            if matches!(self.peek(), Some('+' | '-')) {
                self.advance();
            }
            valid = !self.take_while(|c| c.is_ascii_digit()).is_empty();
        }
        self.end_of_number(at, valid)?;
        if whole {
            return Ok(Token::Integer(digits.to_owned(), 10));
        }
        let text = start.get(..start.len() - self.rest.len()).unwrap_or_default();
        match text.parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(Token::Double(number)),
            _ => Err(at.error(Kind::Syntax, "the number is too large")),
        }
    }

    fn end_of_number(&self, at: Position, valid: bool) -> Result<(), ExpressionError> {
        match self.peek() {
            Some('u' | 'U') => Err(at.error(Kind::Unsupported, "there are no unsigned numbers: leave the `u` out")),
            Some(c) if c.is_alphanumeric() || c == '_' => {
                Err(at.error(Kind::Syntax, "this is neither a number nor a name"))
            }
            _ if !valid => Err(at.error(Kind::Syntax, "the number has digits missing")),
            _ => Ok(()),
        }
    }

    fn text(&mut self) -> Result<Token, ExpressionError> {
        let start = self.at;
        if self.rest.starts_with("\"\"\"") || self.rest.starts_with("'''") {
            return Err(start.error(Kind::Unsupported, "texts have one quote at each end"));
        }
        let quote = self.advance();
        let mut text = String::new();
        loop {
            let at = self.at;
            let character = self.advance();
            if character == quote {
                return Ok(Token::Text(text));
            }
            match character {
                None | Some('\n' | '\r') => {
                    return Err(start.error(Kind::Syntax, "the text has no closing quote"));
                }
                Some('\\') => text.push(self.escape(at)?),
                Some(c) if c.is_control() => {
                    return Err(at.error(Kind::Syntax, unexpected(c)));
                }
                Some(c) => text.push(c),
            }
        }
    }

    fn escape(&mut self, at: Position) -> Result<char, ExpressionError> {
        match self.advance() {
            Some(c @ ('\\' | '"' | '\'')) => Ok(c),
            Some('n') => Ok('\n'),
            Some('r') => Ok('\r'),
            Some('t') => Ok('\t'),
            Some('u') => {
                let digits: String = (0..4).filter_map(|_| self.advance()).collect();
                u32::from_str_radix(&digits, 16)
                    .ok()
                    .filter(|_| digits.chars().all(|c| c.is_ascii_hexdigit()))
                    .and_then(char::from_u32)
                    .ok_or_else(|| at.error(Kind::Syntax, "`\\u` takes four hexadecimal digits"))
            }
            _ => {
                Err(at.error(Kind::Syntax, "the escapes are `\\\\`, `\\\"`, `\\'`, `\\n`, `\\r`, `\\t` and `\\u0000`"))
            }
        }
    }
}

fn unexpected(character: char) -> String {
    match character {
        '=' => "use `==` to compare".to_owned(),
        '&' => "use `&&` for and".to_owned(),
        '|' => "use `||` for or".to_owned(),
        _ => format!("unexpected character `{}`", character.escape_default()),
    }
}
