//! Aggregations: functions that add rows to accumulators, fold groups, and make rows of groups' states.

use super::Generator;
use super::area::Input;
use super::code::Body;
use super::kernels;
use super::user;
use std::fmt::Write;
use weir_circuit::{
    Accumulators, Aggregate, AggregateFunction, AggregateMethod, AggregatePart, Expr, ExprOp, NodeId, accumulators,
};
use weir_row::{ColumnType, Kind, Layout, Place, SqlType};

impl Generator<'_> {
    /// The field of an aggregation.
    pub(super) fn aggregate(
        &mut self,
        id: NodeId,
        parts: &[AggregatePart],
        global: bool,
        filter: Option<&Expr>,
        project: &[Expr],
    ) -> String {
        let (numbered, next) = accumulators(parts);
        let mut constructors = vec![];
        for (p, (part, of_part)) in parts.iter().zip(&numbered).enumerate() {
            let constructor = match part.method {
                AggregateMethod::Linear => {
                    self.accumulate(id, p, part, of_part);
                    format!("Part::linear(acc_{id}_{p})")
                }
                AggregateMethod::Extreme => {
                    let (_, value) = self.layouts(part.input);
                    let least =
                        matches!(part.aggregates[0].function, AggregateFunction::Min | AggregateFunction::ArgMin);
                    format!("Part::{}({:?})", if least { "min" } else { "max" }, value.text())
                }
                AggregateMethod::Fold if part.aggregates[0].is_chosen() => {
                    format!("Part::mode({:?})", self.layouts(part.input).1.text())
                }
                AggregateMethod::Fold => {
                    let types: Vec<ColumnType> = part.aggregates.iter().map(|a| a.ty.clone()).collect();
                    self.fold(id, p, part);
                    format!("Part::fold({:?}, fold_{id}_{p})", Layout::new(&types).text())
                }
            };
            constructors.push(constructor);
        }
        self.emit(id, parts, &numbered, next, filter, project);
        let key = Layout::new(&self.circuit.nodes[parts[0].input].key).text();
        let global = if global { ".global()" } else { "" };
        format!("n{id}: Aggregate = Aggregate::new({id}, {key:?}, {next}, vec![{}]){global};", constructors.join(", "))
    }

    /// The function that adds rows to the accumulators of a part.
    pub(super) fn accumulate(&mut self, id: NodeId, p: usize, part: &AggregatePart, words: &[Accumulators]) {
        let columns = self.input_of(part.input, "r", "v");
        let mut body = Body::new(self, columns, "        ");
        let mut counted = vec![];
        if p == 0 {
            body.line("acc::count(acc, 0, w);");
            counted.push(0);
        }
        for (a, words) in part.aggregates.iter().zip(words) {
            let Accumulators { count, sum, wide } = *words;
            let adds = a.is_sum() || a.is_xor();
            let add = match (a.is_xor(), wide) {
                (true, _) => "xor",
                (_, true) => "sum_wide",
                _ => "sum",
            };
            let wider = |x: &str, e: &Expr| if a.is_xor() { format!("{x} as i64 as u64") } else { wider(x, e) };
            match a.argument() {
                Some(e) if e.ty.nullable => {
                    if !adds {
                        let is_null = ExprOp::IsNull(Box::new(e.clone()));
                        let present = crate::expr::not(Expr { op: is_null, ty: crate::expr::BOOLEAN, at: e.at });
                        body.decode_columns(&present);
                        let present = body.truth(&present);
                        body.line(&format!("if {present} {{ acc::count(acc, {count}, w); }}"));
                        continue;
                    }
                    body.decode_columns(e);
                    let value = body.value(e);
                    let x = wider("x", e);
                    body.line(&format!("if let Some(x) = {value} {{"));
                    body.line(&format!("    acc::count(acc, {count}, w);"));
                    body.line(&format!("    acc::{add}(acc, {sum}, {x}, w);"));
                    body.line("}");
                }
                other => {
                    if !counted.contains(&count) {
                        counted.push(count);
                        body.line(&format!("acc::count(acc, {count}, w);"));
                    }
                    if let Some(e) = other.filter(|_| adds) {
                        body.decode_columns(e);
                        let value = body.value(e);
                        let x = wider(&value, e);
                        body.line(&format!("acc::{add}(acc, {sum}, {x}, w);"));
                    }
                }
            }
        }
        let body = body.out;
        let comment = self.comment(id);
        let _ = write!(
            self.functions,
            "\n{comment}\nfn acc_{id}_{p}(cx: &Context, rows: Chunk<'_>, acc: &mut [u64]) {{\n    for (r, w) in rows {{\n{body}    }}\n}}\n"
        );
    }

    /// The function that puts the values of a group together, in the order of their rows.
    pub(super) fn fold(&mut self, id: NodeId, p: usize, part: &AggregatePart) {
        let columns = self.input_of(part.input, "r", "v");
        let mut body = Body::new(self, columns, "        ");
        let mut before = String::new();
        let mut after = String::new();
        for (i, a) in part.aggregates.iter().enumerate() {
            if let AggregateFunction::Reduce { kernel, argument } = &a.function {
                let _ = writeln!(before, "    let mut s{i} = None;");
                body.decode_columns(argument);
                let value = body.value(argument);
                let value = if argument.ty.nullable { value } else { format!("Some({value})") };
                let both = kernels::call(kernel, &["s".to_string(), "x".to_string()], (a.at.line, a.at.column));
                // Three times is once, so an even number of times is twice.
                body.line(&format!("if let Some(x) = {value} {{"));
                body.line(&format!(
                    "    for _ in 0..2 - (w & 1) {{ s{i} = Some(match s{i} {{ Some(s) => {both}, None => x }}); }}"
                ));
                body.line("}");
                after.push_str(&write_null(&a.ty.sql, &format!("s{i}")));
                continue;
            }
            if let AggregateFunction::User { function, argument } = &a.function {
                let function = &body.generator.circuit.functions[*function];
                let _ = writeln!(before, "    let mut s{i} = None;");
                user::add(&mut body, a, function, argument, &format!("s{i}"));
                let (line, column) = (a.at.line, a.at.column);
                let _ = writeln!(after, "    let s{i} = post_{}(cx, s{i}, {line}, {column});", function.name);
                after.push_str(&write_null(&a.ty.sql, &format!("s{i}")));
                continue;
            }
            if let AggregateFunction::Collect { values, once } = &a.function {
                let (line, column) = (a.at.line, a.at.column);
                let of = format!("s{i}.items");
                let written: Vec<String> = values.iter().map(|e| body.element(e, &of)).collect();
                let (container, once) = if values.len() == 1 { ("array", *once) } else { ("map", true) };
                let _ = writeln!(before, "    let mut s{i} = f::Collected::{container}();");
                body.line(&format!("for _ in 0..cx.ok(s{i}.times(w, {once}), {line}, {column}) {{"));
                body.line(&format!("    let at = cx.ok(s{i}.entry(), {line}, {column});"));
                match written.as_slice() {
                    [key, value] => {
                        body.line(&format!("    {key};"));
                        body.line(&format!("    cx.ok(s{i}.key(at), {line}, {column});"));
                        body.line(&format!("    {value};"));
                    }
                    written => written.iter().for_each(|w| body.line(&format!("    {w};"))),
                }
                body.line("}");
                let _ = writeln!(after, "    out.put_item_null(Some(s{i}.finish(cx.arena())));");
                continue;
            }
            let _ = writeln!(before, "    let (mut n{i}, mut s{i}) = (0_i64, 0_f64);");
            if let Some(e) = a.argument() {
                body.decode_columns(e);
                let value = body.value(e);
                let add = |x: &str| format!("n{i} += w; s{i} += f64::from({x}) * w as f64;");
                if e.ty.nullable {
                    body.line(&format!("if let Some(x) = {value} {{ {} }}", add("x")));
                } else {
                    body.line(&add(&value));
                }
            }
            let kind = a.ty.sql.kind().map_or("f64", Kind::name);
            let mean = if matches!(a.function, AggregateFunction::Avg(_)) {
                format!("s{i} / n{i} as f64")
            } else {
                format!("s{i}")
            };
            let value = if kind == "f32" { format!("({mean}) as f32") } else { mean };
            let _ = writeln!(after, "    out.put([enc::{kind}_null((n{i} != 0).then(|| {value}))]);");
        }
        let body = body.out;
        let comment = self.comment(id);
        let _ = write!(
            self.functions,
            "\n{comment}\nfn fold_{id}_{p}(cx: &Context, rows: &Rows, out: &mut RowWriter) {{\n{before}    for (r, w) in rows.iter() {{\n{body}    }}\n{after}}}\n"
        );
    }

    /// The function that makes rows of groups: of the key, the accumulators, and the other parts' results.
    fn emit(
        &mut self,
        id: NodeId,
        parts: &[AggregatePart],
        words: &[Vec<Accumulators>],
        accumulators: usize,
        filter: Option<&Expr>,
        project: &[Expr],
    ) {
        let key = Layout::new(&self.circuit.nodes[parts[0].input].key);
        let keys = key.len();
        let key_words = if key.is_fixed() { key.fixed_words.to_string() } else { format!("K{id}.end(r)") };
        let mut input = Input::default();
        input.areas.push(self.area("r", key, format!("K{id}"), None));
        input.columns = (0..keys).map(|c| (0, c)).collect();
        let mut finals: Vec<String> = vec![];
        let mut before: Vec<String> = vec![format!("let a = &r[{key_words}..];")];
        let mut rest = format!("a[{accumulators}..]");
        let mut results = 0;
        for (part, words) in parts.iter().zip(words) {
            for (i, a) in part.aggregates.iter().enumerate() {
                if part.method == AggregateMethod::Linear {
                    let value = linear_result(a, words[i], "a");
                    input.columns.push((usize::MAX, finals.len()));
                    finals.push(value);
                    continue;
                }
                // Results stand one after the other, each a layout of its own; a chosen row's other columns come before it.
                let value = &self.circuit.nodes[part.input].value;
                let others = if a.is_chosen() { &value[..value.len() - 1] } else { &[] };
                let columns = others.iter().chain([&a.ty]).map(|c| ColumnType::nullable(c.sql.clone()));
                for ty in columns.collect::<Vec<_>>() {
                    let layout = Layout::new(std::slice::from_ref(&ty));
                    let var = format!("e{results}");
                    let shape = format!("R{id}_{results}");
                    before.push(format!("let {var} = &{rest};"));
                    rest = if layout.is_fixed() {
                        format!("{var}[{}..]", layout.fixed_words)
                    } else {
                        format!("{var}[{shape}.end({var})..]")
                    };
                    let area = self.area(&var, layout, shape, None);
                    input.areas.push(area);
                    results += 1;
                }
                input.columns.push((input.areas.len() - 1, 0));
            }
        }
        let types = parts.iter().filter(|p| p.method == AggregateMethod::Linear).flat_map(|p| &p.aggregates);
        let types = types.map(|a| a.ty.clone()).collect();
        self.emit_function(id, types, input, &finals, &before, filter, project);
    }

    /// The same, of columns and of values that are finished already, which have these types.
    #[allow(clippy::too_many_arguments)]
    pub(super) fn emit_function(
        &mut self,
        id: NodeId,
        types: Vec<ColumnType>,
        mut input: Input,
        finals: &[String],
        before: &[String],
        filter: Option<&Expr>,
        project: &[Expr],
    ) {
        // The finished values of accumulators are variables; expressions see them as decoded columns of a stretch without words.
        let area = self.area("finals", Layout::new(&types), format!("F{id}"), None);
        self.shapes.remove(&format!("F{id}"));
        let index = input.areas.len();
        input.areas.push(area);
        let mut decoded = vec![];
        for (c, column) in input.columns.iter_mut().enumerate() {
            if column.0 == usize::MAX {
                decoded.push((c, finals[column.1].clone()));
                *column = (index, column.1);
            }
        }
        let comment = self.comment(id);
        let mut body = Body::new(self, input, "        ");
        for line in before {
            body.line(line);
        }
        body.finals = decoded.into_iter().collect();
        body.filter(filter, "continue;");
        body.write(project, 0);
        body.line("out.end(w);");
        let body = body.out;
        let _ = write!(
            self.functions,
            "\n{comment}\nfn emit_{id}(cx: &Context, rows: Chunk<'_>, out: &mut RowWriter) {{\n    for (r, w) in rows {{\n{body}    }}\n}}\n"
        );
    }
}

/// The line that writes a value that may be NULL as a layout of one column.
fn write_null(ty: &SqlType, value: &str) -> String {
    let field = Layout::new(&[ColumnType::nullable(ty.clone())]).fields[0];
    let kind = field.kind.name();
    match field.place {
        Place::Text(_) => format!("    out.put_{kind}_null({value});\n"),
        _ if field.words == 2 => format!("    out.put(enc::{kind}2_null({value}));\n"),
        _ if field.escapes() => {
            let escape = if field.kind == Kind::U64 { "u64" } else { "i64" };
            format!("    out.put([enc::{kind}_null({value})]);\n    out.escape_{escape}({value});\n")
        }
        _ => format!("    out.put([enc::{kind}_null({value})]);\n"),
    }
}

/// An argument as 128 bits.
fn wider(value: &str, e: &Expr) -> String {
    if matches!(e.ty.sql, SqlType::Decimal { .. }) { value.to_string() } else { format!("i128::from({value})") }
}

/// The value of a linear aggregate, from its accumulators, which are in the variable `from`.
pub(super) fn linear_result(a: &Aggregate, words: Accumulators, from: &str) -> String {
    let Accumulators { count, sum, wide } = words;
    let (line, column) = (a.at.line, a.at.column);
    let count = format!("acc::get_count({from}, {count})");
    if a.is_xor() {
        let kind = a.ty.sql.kind().map_or("i64", Kind::name);
        return format!("if {count} == 0 {{ None }} else {{ Some(acc::get_count({from}, {sum}) as {kind}) }}");
    }
    let total = if wide {
        format!("cx.ok(acc::get_sum_wide({from}, {sum}).ok_or(\"sum out of range\"), {line}, {column})")
    } else {
        format!("acc::get_sum({from}, {sum})")
    };
    let total = match a.function {
        AggregateFunction::CountRows | AggregateFunction::Count(_) => return count,
        AggregateFunction::Avg(_) => format!("{total} / i128::from({count})"),
        _ => total,
    };
    let checked = match &a.ty.sql {
        SqlType::Decimal { precision, scale } => format!("f::check_dec({total}, {precision}, {scale})"),
        other => format!("f::cast_dec_to_{}({total}, 0)", other.kind().map_or("i64", Kind::name)),
    };
    format!("if {count} == 0 {{ None }} else {{ Some(cx.ok({checked}, {line}, {column})) }}")
}
