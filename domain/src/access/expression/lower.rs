//! Turns a checked syntax tree into the tree that the `cel` interpreter evaluates: the expansion of
//! the macros is here, with the shapes that the interpreter has fast paths for.

use cel::common::ast::{
    CallExpr, ComprehensionExpr, EntryExpr, Expr, IdedEntryExpr, IdedExpr, ListExpr, LiteralValue, MapEntryExpr,
    MapExpr, SelectExpr, operators,
};

use super::tree::{Binary, Kind, Logic, Macro, MacroKind, Node};

/// Before the name of a list in the name of the variable that says whether the user is on it. No
/// rule can spell it.
pub(super) const LIST_PREFIX: &str = "@list:";

/// The variable that a loop adds up in; CEL calls it so too.
const RESULT: &str = "@result";

/// What the interpreter evaluates for `node`.
pub(super) fn lower(node: Node) -> IdedExpr {
    ided(match node.kind {
        Kind::Bool(flag) => literal(LiteralValue::Boolean(flag.into())),
        Kind::Int(number) => literal(LiteralValue::Int(number.into())),
        Kind::Double(number) => literal(LiteralValue::Double(number.into())),
        Kind::Text(text) => literal(LiteralValue::String(text.into())),
        Kind::Name(name) => Expr::Ident(name),
        Kind::Select(of, field) => select(lower(*of), field.name, false),
        // The fields of a record are always there, and the interpreter never sees the record.
        Kind::Has(of, _) if matches!(of.kind, Kind::Name(_)) && is_record(&of) => {
            literal(LiteralValue::Boolean(true.into()))
        }
        Kind::Has(of, field) => select(lower(*of), field.name, true),
        Kind::InList(name) => Expr::Ident(format!("{LIST_PREFIX}{name}")),
        Kind::Index(of, key) => call(operators::INDEX, vec![lower(*of), lower(*key)]),
        Kind::Not(of) => call(operators::LOGICAL_NOT, vec![lower(*of)]),
        Kind::Negate(of) => call(operators::NEGATE, vec![lower(*of)]),
        Kind::Binary(operator, left, right) => call(function(operator), vec![lower(*left), lower(*right)]),
        Kind::Logic(logic, terms) => {
            return balanced(logic, terms.into_iter().map(lower).collect());
        }
        Kind::Choose(condition, then, otherwise) => choose(lower(*condition), lower(*then), lower(*otherwise)),
        Kind::List(elements) => list(elements.into_iter().map(lower).collect()),
        Kind::Map(entries) => Expr::Map(MapExpr { entries: entries.into_iter().map(entry).collect() }),
        Kind::Call(name, arguments) => {
            Expr::Call(CallExpr { func_name: name, target: None, args: arguments.into_iter().map(lower).collect() })
        }
        Kind::Method(of, function, arguments) => Expr::Call(CallExpr {
            func_name: function.name,
            target: Some(Box::new(lower(*of))),
            args: arguments.into_iter().map(lower).collect(),
        }),
        Kind::Macro(each) => comprehension(*each),
    })
}

/// Positions are not needed any more, so every part has the same id.
fn ided(expr: Expr) -> IdedExpr {
    IdedExpr { id: 0, expr }
}

fn is_record(node: &Node) -> bool {
    matches!(&node.kind, Kind::Name(name) if name == "user" || name == "campaign")
}

fn literal(value: LiteralValue) -> Expr {
    Expr::Literal(value)
}

fn list(elements: Vec<IdedExpr>) -> Expr {
    Expr::List(ListExpr::new(elements))
}

fn select(of: IdedExpr, field: String, test: bool) -> Expr {
    Expr::Select(SelectExpr { operand: Box::new(of), field, test })
}

fn call(function: &str, args: Vec<IdedExpr>) -> Expr {
    Expr::Call(CallExpr { func_name: function.to_owned(), target: None, args })
}

fn choose(condition: IdedExpr, then: IdedExpr, otherwise: IdedExpr) -> Expr {
    call(operators::CONDITIONAL, vec![condition, then, otherwise])
}

fn entry((key, value): (Node, Node)) -> IdedEntryExpr {
    IdedEntryExpr {
        id: 0,
        expr: EntryExpr::MapEntry(MapEntryExpr { key: lower(key), value: lower(value), optional: false }),
    }
}

fn function(operator: Binary) -> &'static str {
    match operator {
        Binary::Equal => operators::EQUALS,
        Binary::NotEqual => operators::NOT_EQUALS,
        Binary::Less => operators::LESS,
        Binary::LessOrEqual => operators::LESS_EQUALS,
        Binary::Greater => operators::GREATER,
        Binary::GreaterOrEqual => operators::GREATER_EQUALS,
        Binary::In => operators::IN,
        Binary::Add => operators::ADD,
        Binary::Subtract => operators::SUBSTRACT,
        Binary::Multiply => operators::MULTIPLY,
        Binary::Divide => operators::DIVIDE,
        Binary::Remainder => operators::MODULO,
    }
}

/// A chain of `&&` or `||` as a balanced tree, so that evaluating it needs little stack.
fn balanced(logic: Logic, mut terms: Vec<IdedExpr>) -> IdedExpr {
    if terms.len() < 2 {
        return terms.pop().unwrap_or_default();
    }
    let right = terms.split_off(terms.len().div_ceil(2));
    let function = match logic {
        Logic::And => operators::LOGICAL_AND,
        Logic::Or => operators::LOGICAL_OR,
    };
    ided(call(function, vec![balanced(logic, terms), balanced(logic, right)]))
}

fn comprehension(each: Macro) -> Expr {
    let result = || ided(Expr::Ident(RESULT.to_owned()));
    let flag = |value: bool| ided(literal(LiteralValue::Boolean(value.into())));
    let number = |value: i64| ided(literal(LiteralValue::Int(value.into())));
    let append = |part| ided(call(operators::ADD, vec![result(), ided(list(vec![part]))]));
    let go_on = |condition| ided(call(operators::NOT_STRICTLY_FALSE, vec![condition]));
    let variable = each.variable.name;
    let body = lower(each.body);
    let (start, condition, step, end) = match each.kind {
        MacroKind::All => (flag(true), go_on(result()), call(operators::LOGICAL_AND, vec![result(), body]), result()),
        MacroKind::Exists => (
            flag(false),
            go_on(ided(call(operators::LOGICAL_NOT, vec![result()]))),
            call(operators::LOGICAL_OR, vec![result(), body]),
            result(),
        ),
        MacroKind::ExistsOne => {
            let more = ided(call(operators::ADD, vec![result(), number(1)]));
            (
                number(0),
                flag(true),
                choose(body, more, result()),
                ided(call(operators::EQUALS, vec![result(), number(1)])),
            )
        }
        MacroKind::Filter => {
            let element = ided(Expr::Ident(variable.clone()));
            let step = choose(body, append(element), result());
            (ided(list(Vec::new())), flag(true), step, result())
        }
        MacroKind::Map => {
            let step = match each.filter {
                Some(filter) => choose(lower(filter), append(body), result()),
                None => append(body).expr,
            };
            (ided(list(Vec::new())), flag(true), step, result())
        }
    };
    Expr::Comprehension(Box::new(ComprehensionExpr {
        iter_range: lower(each.range),
        iter_var: variable,
        iter_var2: None,
        accu_var: RESULT.to_owned(),
        accu_init: start,
        loop_cond: condition,
        loop_step: ided(step),
        result: end,
    }))
}
