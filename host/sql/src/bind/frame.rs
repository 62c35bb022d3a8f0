//! Frames of windows: ROWS, GROUPS and RANGE with their bounds. A bound at a distance is a value of what rows are ordered by; where
//! that would leave the range of its type, it is the end of the range.

use super::arithmetic::negated;
use super::common::{as_decimal, interval_type};
use super::expr::Cx;
use super::order::ascending;
use super::scope::Scope;
use super::window::{Bounds, Sorted, Spec};
use super::{Binder, Bound, position};
use crate::Span;
use crate::expr::{call, case, int, is_not_null, is_null};
use crate::optimise::evaluate;
use crate::parse::span;
use sqlparser::ast::{self, Spanned, WindowFrameBound, WindowFrameUnits};
use weir_circuit::{Expr, FrameBound, FrameUnit, Position};
use weir_functions::{DATE_MAX, DATE_MIN, TIMESTAMP_MAX, TIMESTAMP_MIN};
use weir_row::{ColumnType, DECIMAL_PRECISION_MAX, IntervalField, IntervalFields, Kind, SqlType, Value};

const DAY_MICROS: i64 = 86_400_000_000;
const DAY_NANOS: i64 = DAY_MICROS * 1_000;

/// Days by which a month may be cut when a day is moved to it: from the 31st to the 28th.
const MONTH_CUT_DAYS: i64 = 3;

/// How far beyond a distance the rounding of two additions may reach, of the magnitude of their operands: more than four times the
/// distance between 1 and the next number.
const SLACK_F64: f64 = 1e-15;
const SLACK_F32: f32 = 1e-6;

/// How far a bound of RANGE lies from the current row.
enum Distance {
    /// Units of a type that has a first and a last value.
    Units(i128),
    /// Months, of dates and timestamps.
    Months(i32),
    /// A floating-point number.
    Float(f64),
}

/// A place in the order: what rows are ordered by there, and where it is beyond all values of its type.
struct Moved {
    value: Expr,
    beyond: Option<Expr>,
}

impl Binder<'_> {
    /// The rows of a window's frame.
    pub(super) fn frame(&mut self, spec: &mut Spec) -> Bound<Bounds> {
        let Some(frame) = spec.frame.take() else {
            return Ok((FrameUnit::Range, FrameBound::Unbounded, FrameBound::Offset(0)));
        };
        let current = WindowFrameBound::CurrentRow;
        let end = frame.end_bound.as_ref().unwrap_or(&current);
        self.check_bounds(&frame.start_bound, end, spec.at)?;
        let unit = match frame.units {
            WindowFrameUnits::Rows => FrameUnit::Rows,
            WindowFrameUnits::Groups => FrameUnit::Groups,
            WindowFrameUnits::Range => FrameUnit::Range,
        };
        if unit == FrameUnit::Groups && spec.order.is_empty() {
            return Err(
                self.error(spec.at, "GROUPS counts groups of rows that ORDER BY makes equal, but there is no ORDER BY")
            );
        }
        if unit != FrameUnit::Range {
            let start = self.counted_bound(&frame.start_bound)?;
            return Ok((unit, start, self.counted_bound(end)?));
        }
        let start = self.distance(&frame.start_bound, spec)?;
        let end = self.distance(end, spec)?;
        // A frame that lies wholly to one side may lie beyond the range of the type: that is another place than its end.
        let one_sided = |d: &Option<(bool, Distance)>, following: bool| matches!(d, Some((f, _)) if *f == following);
        let sided = one_sided(&start.1, true) || one_sided(&end.1, false);
        if sided {
            spec.order.push(int(0));
        }
        let bound = |(unbounded, distance): (bool, Option<(bool, Distance)>)| match (&spec.by, distance) {
            (Some(by), Some((following, distance))) => range_bound(by, &distance, following, sided, position(spec.at)),
            _ if unbounded => FrameBound::Unbounded,
            _ => FrameBound::Offset(0),
        };
        Ok((unit, bound(start), bound(end)))
    }

    /// Refuses a frame whose end comes before its start.
    fn check_bounds(&mut self, start: &WindowFrameBound, end: &WindowFrameBound, at: Span) -> Bound<()> {
        use WindowFrameBound::{CurrentRow, Following, Preceding};
        let message = match (start, end) {
            (Following(None), _) => "a frame cannot begin at UNBOUNDED FOLLOWING",
            (_, Preceding(None)) => "a frame cannot end at UNBOUNDED PRECEDING",
            (CurrentRow, Preceding(_)) => "a frame that begins at CURRENT ROW cannot end before it",
            (Following(_), Preceding(_) | CurrentRow) => "a frame that begins after the current row cannot end before",
            _ => return Ok(()),
        };
        Err(self.error(at, message))
    }

    /// A bound of ROWS or GROUPS.
    fn counted_bound(&mut self, bound: &WindowFrameBound) -> Bound<FrameBound> {
        let (e, sign) = match bound {
            WindowFrameBound::CurrentRow => return Ok(FrameBound::Offset(0)),
            WindowFrameBound::Preceding(None) | WindowFrameBound::Following(None) => return Ok(FrameBound::Unbounded),
            WindowFrameBound::Preceding(Some(e)) => (e, -1),
            WindowFrameBound::Following(Some(e)) => (e, 1),
        };
        let e_at = span(e.span());
        let bound = self.frame_constant(e)?;
        Ok(FrameBound::Offset(sign * self.constant_count(&bound, e_at, 0)?))
    }

    fn frame_constant(&mut self, e: &ast::Expr) -> Bound<Expr> {
        let scope = Scope::default();
        self.expr(e, &mut Cx::constant(&scope, "the bound of a frame"))
    }

    /// A bound of RANGE: whether it is unbounded; whether it lies behind the current row, and how far.
    fn distance(&mut self, bound: &WindowFrameBound, spec: &Spec) -> Bound<(bool, Option<(bool, Distance)>)> {
        let (e, following) = match bound {
            WindowFrameBound::CurrentRow => return Ok((false, None)),
            WindowFrameBound::Preceding(None) | WindowFrameBound::Following(None) => return Ok((true, None)),
            WindowFrameBound::Preceding(Some(e)) => (e, false),
            WindowFrameBound::Following(Some(e)) => (e, true),
        };
        let at = span(e.span());
        let at = if at == Span::default() { spec.at } else { at };
        let Some(by) = &spec.by else {
            let hint = "ROWS and GROUPS count rows, whatever they are ordered by";
            return Err(self.error_hint(at, "RANGE with a distance needs an ORDER BY of one expression", hint));
        };
        let constant = self.frame_constant(e)?;
        let Some(Ok(value)) = evaluate(&constant) else {
            return Err(self.error_hint(
                at,
                "expected a constant distance",
                "for example RANGE INTERVAL '1' HOUR PRECEDING",
            ));
        };
        let ordered = by.expr.ty.sql.clone();
        let distance = match distance_of(&value, &constant.ty.sql, &ordered) {
            Ok(distance) => distance,
            Err(Unfit::Negative) => return Err(self.error(at, "the distance of a bound must not be negative or NULL")),
            Err(Unfit::Type) => {
                let message = format!("{} is no distance between values of {ordered}", constant.ty.sql);
                let hint = "RANGE takes a number for numbers, and an interval for dates, times and timestamps";
                return Err(self.error_hint(at, message, hint));
            }
        };
        let none = match distance {
            Distance::Units(n) => n == 0,
            Distance::Months(n) => n == 0,
            Distance::Float(x) => x == 0.0,
        };
        // What is no distance away are the peers.
        Ok((false, (!none).then_some((following, distance))))
    }
}

/// Why a value is no distance.
enum Unfit {
    Negative,
    Type,
}

/// A constant as a distance between values of a type.
fn distance_of(value: &Value, ty: &SqlType, ordered: &SqlType) -> Result<Distance, Unfit> {
    let not_negative = |n: i128| if n < 0 { Err(Unfit::Negative) } else { Ok(n) };
    if *value == Value::Null {
        return Err(Unfit::Negative);
    }
    let kind = ordered.kind().ok_or(Unfit::Type)?;
    match (kind, value) {
        (Kind::Date, Value::Micros(us)) => Ok(Distance::Units(not_negative(i128::from(*us))? / i128::from(DAY_MICROS))),
        (Kind::Time, Value::Micros(us)) => Ok(Distance::Units(not_negative(i128::from(*us))? * 1_000)),
        (Kind::Ts | Kind::Tz | Kind::Micros, Value::Micros(us)) => Ok(Distance::Units(not_negative(i128::from(*us))?)),
        (Kind::Months, Value::Months(n)) => Ok(Distance::Units(not_negative(i128::from(*n))?)),
        (Kind::Date | Kind::Ts | Kind::Tz, Value::Months(n)) => {
            not_negative(i128::from(*n)).map(|_| Distance::Months(*n))
        }
        (Kind::F32 | Kind::F64, value) => {
            let x = float(value, ty).ok_or(Unfit::Type)?;
            if x >= 0.0 && x.is_finite() { Ok(Distance::Float(x)) } else { Err(Unfit::Negative) }
        }
        _ => {
            let (_, scale) = as_decimal(ordered).ok_or(Unfit::Type)?;
            not_negative(exact(value, ty, scale).ok_or(Unfit::Type)?).map(Distance::Units)
        }
    }
}

/// A whole number, if the value is one.
fn whole(value: &Value) -> Option<i128> {
    Some(match value {
        Value::I8(n) => i128::from(*n),
        Value::I16(n) => i128::from(*n),
        Value::I32(n) => i128::from(*n),
        Value::I64(n) => i128::from(*n),
        Value::U8(n) => i128::from(*n),
        Value::U16(n) => i128::from(*n),
        Value::U32(n) => i128::from(*n),
        Value::U64(n) => i128::from(*n),
        _ => return None,
    })
}

/// An exact number in units of a scale, cut down: since values are whole units, that makes no difference.
fn exact(value: &Value, ty: &SqlType, scale: u8) -> Option<i128> {
    let power = |n: u8| 10i128.checked_pow(u32::from(n));
    match (value, ty) {
        (Value::Dec(units), SqlType::Decimal { scale: own, .. }) if *own > scale => {
            Some(units.div_euclid(power(own - scale)?))
        }
        // More than every decimal is as good as the greatest one.
        (Value::Dec(units), SqlType::Decimal { scale: own, .. }) => Some(units.saturating_mul(power(scale - own)?)),
        _ => Some(whole(value)?.saturating_mul(power(scale)?)),
    }
}

fn float(value: &Value, ty: &SqlType) -> Option<f64> {
    match (value, ty) {
        (Value::F64(x), _) => Some(*x),
        (Value::F32(x), _) => Some(f64::from(*x)),
        (Value::Dec(units), SqlType::Decimal { scale, .. }) => Some(*units as f64 / 10f64.powi(i32::from(*scale))),
        _ => whole(value).map(|n| n as f64),
    }
}

/// The first and the last value of a type, as numbers, and the values of numbers.
type Ends = (i128, i128, fn(i128) -> Value);

/// The first and the last value of a type whose values are counted, and the values of numbers.
fn ends(ty: &SqlType) -> Option<Ends> {
    // Each number is cut to the ends before it becomes a value.
    macro_rules! integers {
        ($type:ty, $variant:ident) => {
            Some((<$type>::MIN as i128, <$type>::MAX as i128, |n| Value::$variant(n as $type)))
        };
    }
    match ty.kind()? {
        Kind::I8 => integers!(i8, I8),
        Kind::I16 => integers!(i16, I16),
        Kind::I32 => integers!(i32, I32),
        Kind::I64 => integers!(i64, I64),
        Kind::U8 => integers!(u8, U8),
        Kind::U16 => integers!(u16, U16),
        Kind::U32 => integers!(u32, U32),
        Kind::U64 => integers!(u64, U64),
        Kind::Months => integers!(i32, Months),
        Kind::Micros => integers!(i64, Micros),
        Kind::Date => Some((i128::from(DATE_MIN), i128::from(DATE_MAX), |n| Value::Date(n as i32))),
        Kind::Time => Some((0, i128::from(DAY_NANOS) - 1, |n| Value::Time(n as i64))),
        Kind::Ts => Some((i128::from(TIMESTAMP_MIN), i128::from(TIMESTAMP_MAX), |n| Value::Ts(n as i64))),
        Kind::Tz => Some((i128::from(TIMESTAMP_MIN), i128::from(TIMESTAMP_MAX), |n| Value::Tz(n as i64))),
        Kind::Dec => {
            let (precision, _) = as_decimal(ty)?;
            let max = 10i128.pow(u32::from(precision.min(DECIMAL_PRECISION_MAX))) - 1;
            Some((-max, max, Value::Dec))
        }
        _ => None,
    }
}

fn literal(value: Value, ty: &SqlType) -> Expr {
    Expr::literal(value, ColumnType::not_null(ty.clone()))
}

/// What an expression is plus (minus) so many units of its type, which must not leave it.
fn plus(e: &Expr, units: i128, up: bool, at: Position) -> Expr {
    let name = if up { "add" } else { "sub" };
    let ty = e.ty.sql.clone();
    let micros = |us: i64| literal(Value::Micros(us), &interval_type(IntervalFields::DAY_TO_SECOND));
    let moved = |e: Expr, us: i64, ty: SqlType| {
        let kernel = format!("{name}_{}_micros", ty.kind().map_or("", Kind::name));
        call(&kernel, vec![e, micros(us)], ty, at)
    };
    let e = e.clone();
    match ty.kind() {
        Some(Kind::Date) => moved(e, units as i64 * DAY_MICROS, ty),
        Some(Kind::Time) => moved(e, (units / 1_000) as i64, ty),
        Some(Kind::Ts) => moved(e, units as i64, ty),
        Some(Kind::Tz) => of_tz(e, |ts| moved(ts, units as i64, SqlType::Timestamp), at),
        Some(Kind::Dec) => {
            let (p, s) = as_decimal(&ty).map_or((0, 0), |(p, s)| (i32::from(p), i32::from(s)));
            let args = vec![e, literal(Value::Dec(units), &ty), int(s), int(s), int(p), int(s)];
            call(&format!("{name}_dec"), args, ty, at)
        }
        kind => {
            let value = ends(&ty).map_or(Value::Null, |(.., value)| value(units));
            let kernel = format!("{name}_{}", kind.map_or("", Kind::name));
            let units = literal(value, &ty);
            call(&kernel, vec![e, units], ty, at)
        }
    }
}

/// An instant, moved as a timestamp.
fn of_tz(e: Expr, f: impl Fn(Expr) -> Expr, at: Position) -> Expr {
    let ty = e.ty.sql.clone();
    let moved = f(call("cast_tz_to_ts", vec![e], SqlType::Timestamp, at));
    call("cast_ts_to_tz", vec![moved], ty, at)
}

/// A date or timestamp moved by months, which must not leave the range.
fn plus_months(e: &Expr, months: i32, up: bool, at: Position) -> Expr {
    let name = if up { "add" } else { "sub" };
    let interval = literal(Value::Months(months), &interval_type(IntervalFields::one(IntervalField::Month)));
    let moved = |e: Expr| {
        let ty = e.ty.sql.clone();
        let kernel = format!("{name}_{}_months", ty.kind().map_or("", Kind::name));
        call(&kernel, vec![e, interval.clone()], ty, at)
    };
    if e.ty.sql.kind() == Some(Kind::Tz) { of_tz(e.clone(), moved, at) } else { moved(e.clone()) }
}

/// A value moved, or the end of its type's range where it would leave that; NULL stays NULL.
fn moved(e: &Expr, distance: &Distance, up: bool, at: Position) -> Moved {
    let ty = &e.ty.sql;
    let (value, last_within) = match (distance, ends(ty)) {
        (Distance::Float(x), _) => return Moved { value: plus_float(e, *x, up, at), beyond: None },
        (_, None) => return Moved { value: e.clone(), beyond: None },
        (Distance::Units(n), Some((min, max, value))) => {
            let end = if up { max } else { min };
            let last = if up { max.checked_sub(*n) } else { min.checked_add(*n) };
            let last = last.filter(|last| (min..=max).contains(last));
            (value(end), last.map(|last| (literal(value(last), ty), plus(e, *n, up, at))))
        }
        (Distance::Months(n), Some((min, max, value))) => {
            let end = value(if up { max } else { min });
            let last = evaluate(&plus_months(&literal(end.clone(), ty), *n, !up, at));
            let last = last.and_then(Result::ok).map(|last| literal(last, ty));
            (end, last.map(|last| (last, plus_months(e, *n, up, at))))
        }
    };
    let end = literal(value, ty);
    let Some((last, within)) = last_within else {
        let beyond = is_not_null(e.clone());
        return Moved { value: case(vec![(beyond.clone(), end)], e.clone(), at), beyond: Some(beyond) };
    };
    let compare = if up { "gt" } else { "lt" };
    let kernel = format!("{compare}_{}", ty.kind().map_or("", Kind::name));
    let beyond = call(&kernel, vec![e.clone(), last], SqlType::Boolean, at);
    Moved { value: case(vec![(beyond.clone(), end)], within, at), beyond: Some(beyond) }
}

fn float_literal(x: f64, ty: &SqlType) -> Expr {
    let value = if *ty == SqlType::Real { Value::F32(x as f32) } else { Value::F64(x) };
    literal(value, ty)
}

fn plus_float(e: &Expr, x: f64, up: bool, at: Position) -> Expr {
    let ty = e.ty.sql.clone();
    let kernel = format!("{}_{}", if up { "add" } else { "sub" }, ty.kind().map_or("", Kind::name));
    let x = float_literal(x, &ty);
    call(&kernel, vec![e.clone(), x], ty, at)
}

/// A value moved at least as far as any value that is moved to it from the other side.
fn moved_back(e: &Expr, distance: &Distance, up: bool, at: Position) -> Expr {
    match distance {
        Distance::Units(_) => moved(e, distance, up, at).value,
        Distance::Months(_) => {
            let days = match e.ty.sql {
                SqlType::Date => MONTH_CUT_DAYS,
                _ => MONTH_CUT_DAYS * DAY_MICROS,
            };
            let to_month = moved(e, distance, up, at).value;
            moved(&to_month, &Distance::Units(i128::from(days)), up, at).value
        }
        Distance::Float(x) => {
            // (|e| + x) times the slack farther; of what is not finite all the way.
            let ty = e.ty.sql.clone();
            let kind = ty.kind().map_or("", Kind::name);
            let of = |name: &str, args: Vec<Expr>| call(&format!("{name}_{kind}"), args, ty.clone(), at);
            let slack = if ty == SqlType::Real { f64::from(SLACK_F32) } else { SLACK_F64 };
            let zero = float_literal(0.0, &ty);
            let negative = call(&format!("lt_{kind}"), vec![e.clone(), zero.clone()], SqlType::Boolean, at);
            let magnitude = case(vec![(negative, negated(e.clone(), at))], e.clone(), at);
            let far = of("add", vec![magnitude, float_literal(*x, &ty)]);
            let far = of("mul", vec![far, float_literal(slack, &ty)]);
            let moved = plus_float(e, *x, up, at);
            let farther = of(if up { "add" } else { "sub" }, vec![moved, far]);
            let difference = of("sub", vec![e.clone(), e.clone()]);
            let finite = call(&format!("eq_{kind}"), vec![difference, zero], SqlType::Boolean, at);
            let end = float_literal(if up { f64::NAN } else { f64::NEG_INFINITY }, &ty);
            let present = if e.ty.nullable { vec![(is_null(e.clone()), e.clone())] } else { vec![] };
            let branches = present.into_iter().chain([(finite, farther)]).collect();
            case(branches, end, at)
        }
    }
}

/// The bound of RANGE at a distance.
fn range_bound(by: &Sorted, distance: &Distance, following: bool, sided: bool, at: Position) -> FrameBound {
    let up = following != by.descending;
    let place = |value: Expr, beyond: Option<Expr>| {
        let mut order = vec![];
        // As nullable as what rows are ordered by, so that there are as many columns.
        let value = Expr { ty: by.expr.ty.clone(), ..value };
        ascending(value, by.descending, by.nulls_first, &mut order);
        if sided {
            let beyond = beyond.map(|b| case(vec![(b, int(if following { 1 } else { -1 }))], int(0), at));
            order.push(beyond.unwrap_or_else(|| int(0)));
        }
        order
    };
    let Moved { value, beyond } = moved(&by.expr, distance, up, at);
    FrameBound::Value { of_row: place(value, beyond), back: place(moved_back(&by.expr, distance, !up, at), None) }
}
