//! The order of inner joins. What a program writes as one chain of joins is taken apart into its inputs and its conditions, equalities are closed
//! under transitivity, and the tree is put together anew so that what is kept between the joins is small: all trees are weighed, bushy ones too
//! (Moerkotte & Neumann, VLDB 2006, have the better enumeration for larger queries; ours has few inputs), above a bound greedily. The
//! program's own order stays unless another is clearly better. A semi or anti join that looks at one input only moves to that input.

use super::estimate::{self, Estimate};
use super::fold::may_fail;
use super::{Facts, RECOMPUTED_SIZE_MAX};
use crate::expr::{all, call, conjuncts, size, substitute};
use crate::plan::{JoinKind, Plan, Rel, RelId};
use std::collections::HashMap;
use weir_circuit::{Expr, ExprOp, Position};
use weir_row::SqlType;

/// Most inputs of which all trees are weighed: a third power of it more work.
const WEIGHED_MAX: usize = 9;
/// Most inputs of a tree.
const INPUTS_MAX: usize = 64;
/// Another order must cost this much less than the program's own.
const BETTER: f64 = 0.7;
/// Estimates of rows end here: sums of them are numbers.
const ROWS_MAX: f64 = 1e100;
/// What a join without an equality costs more than its rows: each change of one side meets all of the other.
const UNEQUAL: f64 = 3.0;

/// The plan with its inner joins in good order.
pub(super) fn ordered(plan: &Plan, facts: &[Facts]) -> Plan {
    let estimates = estimate::estimates(plan, facts);
    let mut order = Order { plan, uses: plan.uses(), estimates, out: Plan::default(), done: HashMap::new() };
    order.out.roots = plan.moved_roots(&mut |rel| order.rel(rel));
    order.out
}

struct Order<'p> {
    plan: &'p Plan,
    uses: Vec<usize>,
    estimates: Vec<Estimate>,
    out: Plan,
    done: HashMap<RelId, RelId>,
}

/// A set of inputs, a bit each.
type Set = u64;

/// How inputs come together.
#[derive(Clone, Debug)]
enum Shape {
    Input(usize),
    Join(Box<Shape>, Box<Shape>),
}

/// An input of a tree: a relation that is no inner join.
struct Input {
    rel: RelId,
    /// Where its columns begin among those of all inputs.
    first: usize,
    width: usize,
    /// Semi and anti joins that look at nothing else of the tree; their conditions read the input's columns, then the other's.
    tests: Vec<(JoinKind, RelId, Vec<Expr>)>,
    /// Conditions that follow from others.
    filters: Vec<Expr>,
    rows: f64,
}

/// Expressions that are all equal, each over one input.
struct Class {
    kernel: String,
    at: Position,
    members: Vec<Member>,
    /// The pairs of members that the program itself compares.
    written: Vec<(usize, usize)>,
}

struct Member {
    input: usize,
    expr: Expr,
    /// Number of distinct values.
    distinct: f64,
    /// Whether they tell the input's rows apart.
    is_key: bool,
}

/// A condition that is no equality of two inputs.
struct Condition {
    expr: Expr,
    reads: Set,
    share: f64,
}

/// A chain of inner joins. Expressions are over the columns of all inputs, one after the other.
#[derive(Default)]
struct Tree {
    inputs: Vec<Input>,
    conditions: Vec<Expr>,
    /// Conditions that can fail: they see only rows for which all others are TRUE.
    last: Vec<Expr>,
}

impl Tree {
    fn width(&self) -> usize {
        self.inputs.last().map_or(0, |i| i.first + i.width)
    }

    /// The input that has a column.
    fn of_column(&self, column: usize) -> usize {
        self.inputs.partition_point(|i| i.first + i.width <= column)
    }

    /// The inputs that an expression reads.
    fn reads(&self, e: &Expr) -> Set {
        let mut set = 0;
        e.visit_columns(&mut |c| set |= 1 << self.of_column(c));
        set
    }
}

impl Order<'_> {
    fn rel(&mut self, id: RelId) -> RelId {
        if let Some(done) = self.done.get(&id) {
            return *done;
        }
        let new = self.tree(id).unwrap_or_else(|| self.copy(id));
        self.done.insert(id, new);
        new
    }

    fn copy(&mut self, id: RelId) -> RelId {
        let mut rel = self.plan.rel(id).clone();
        for input in rel.inputs_mut() {
            *input = self.rel(*input);
        }
        self.out.copied(rel, self.plan.columns(id).to_vec())
    }

    /// A chain of joins in good order; nothing if it has no choice.
    fn tree(&mut self, id: RelId) -> Option<RelId> {
        match self.plan.rel(id) {
            Rel::Join { kind: JoinKind::Inner, .. } => {}
            Rel::Join { left, kind: JoinKind::Semi | JoinKind::Anti, .. } if self.is_chain(*left) => {}
            _ => return None,
        }
        let mut tree = Tree::default();
        let (written, exprs) = self.flatten(id, true, &mut tree);
        let tests = tree.inputs.iter().any(|i| !i.tests.is_empty());
        if tree.inputs.len() > INPUTS_MAX || tree.inputs.len() < 3 && !tests {
            return None;
        }
        let (classes, conditions) = self.analyse(&mut tree);
        let mut weighed = Weighed::new(&tree, &classes, &conditions);
        let (best, cost) = weighed.best();
        let shape = if cost < BETTER * weighed.cost(&written).1 { best } else { written };
        let mut built = self.built(&shape, &tree, &classes, &conditions);
        // What reads no input, or can fail.
        let rest = conditions.iter().filter(|c| c.reads == 0).map(|c| &c.expr).chain(&tree.last);
        let rest = rest.map(|e| built.over(e)).collect();
        built.rel = self.out.filter(built.rel, all(rest));
        let exprs = exprs.iter().map(|e| built.over(e)).collect();
        let rel = self.out.project(built.rel, exprs);
        Some(self.out.retyped(rel, self.plan.columns(id)))
    }

    /// Takes a chain of joins apart: its shape, and its columns over those of the inputs.
    fn flatten(&self, id: RelId, top: bool, tree: &mut Tree) -> (Shape, Vec<Expr>) {
        let inside = top || self.is_inside(id);
        match self.plan.rel(id) {
            Rel::Join { left, right, kind: JoinKind::Inner, on } if inside && (top || !on.iter().any(may_fail)) => {
                let (l, mut exprs) = self.flatten(*left, false, tree);
                let (r, right) = self.flatten(*right, false, tree);
                exprs.extend(right);
                for e in on {
                    let e = substitute(e, &|c| exprs[c].clone());
                    if may_fail(&e) { tree.last.push(e) } else { tree.conditions.push(e) }
                }
                (Shape::Join(Box::new(l), Box::new(r)), exprs)
            }
            Rel::Project { input, exprs } if inside && self.is_chain(*input) && exprs.iter().all(is_light) => {
                let (shape, below) = self.flatten(*input, false, tree);
                (shape, exprs.iter().map(|e| substitute(e, &|c| below[c].clone())).collect())
            }
            Rel::Join { left, right, kind: kind @ (JoinKind::Semi | JoinKind::Anti), on }
                if inside && self.is_chain(*left) && !on.iter().any(may_fail) =>
            {
                let before = (tree.inputs.len(), tree.conditions.len());
                let (shape, exprs) = self.flatten(*left, false, tree);
                if test(tree, before.0, *kind, *right, on, &exprs) {
                    return (shape, exprs);
                }
                tree.inputs.truncate(before.0);
                tree.conditions.truncate(before.1);
                self.input(id, tree)
            }
            _ => self.input(id, tree),
        }
    }

    /// Whether a relation need not be made for others.
    fn is_inside(&self, id: RelId) -> bool {
        self.uses[id] == 1 || estimate::is_product(self.plan, id)
    }

    /// Whether a relation is, below projections and tests, a chain of joins that nobody else reads.
    fn is_chain(&self, id: RelId) -> bool {
        self.is_inside(id)
            && match self.plan.rel(id) {
                Rel::Join { kind: JoinKind::Inner, on, .. } => !on.iter().any(may_fail),
                Rel::Join { left, kind: JoinKind::Semi | JoinKind::Anti, .. } => self.is_chain(*left),
                Rel::Project { input, .. } => self.is_chain(*input),
                _ => false,
            }
    }

    fn input(&self, rel: RelId, tree: &mut Tree) -> (Shape, Vec<Expr>) {
        let columns = self.plan.columns(rel);
        let (first, width) = (tree.width(), columns.len());
        let rows = self.estimates[rel].rows;
        tree.inputs.push(Input { rel, first, width, tests: vec![], filters: vec![], rows });
        let exprs = columns.iter().enumerate().map(|(i, ty)| Expr::column(first + i, ty.clone())).collect();
        (Shape::Input(tree.inputs.len() - 1), exprs)
    }

    /// Conditions sorted into classes of what is equal, and others. What follows for one input becomes its filter.
    fn analyse(&self, tree: &mut Tree) -> (Vec<Class>, Vec<Condition>) {
        let mut classes: Vec<Class> = vec![];
        let mut conditions = vec![];
        for e in std::mem::take(&mut tree.conditions) {
            let reads = tree.reads(&e);
            if let ExprOp::Call { kernel, args } = &e.op
                && kernel.starts_with("eq_")
                && reads.count_ones() == 2
                && args.iter().all(|a| tree.reads(a).count_ones() == 1)
            {
                let member = |e: &Expr| self.member(tree, e);
                let (a, b) = (member(&args[0]), member(&args[1]));
                equate(&mut classes, kernel, e.at, a, b);
                continue;
            }
            let share = match &e.op {
                ExprOp::NotDistinct(a, b) if tree.reads(a).count_ones() == 1 && tree.reads(b).count_ones() == 1 => {
                    1.0 / self.member(tree, a).distinct.max(self.member(tree, b).distinct)
                }
                _ => estimate::share(&e),
            };
            if reads.count_ones() == 1 {
                let input = &mut tree.inputs[reads.trailing_zeros() as usize];
                input.rows = (input.rows * share).max(1.0);
                input.filters.push(e);
            } else {
                conditions.push(Condition { expr: e, reads, share });
            }
        }
        for class in &mut classes {
            // What is compared with a key refers to it, so it has no other values.
            let keys = class.members.iter().filter(|m| m.is_key).map(|m| m.distinct).reduce(f64::max);
            for m in class.members.iter_mut().filter(|m| !m.is_key) {
                m.distinct = keys.map_or(m.distinct, |most| most.min(m.distinct));
            }
            self.implied(tree, class);
        }
        (classes, conditions)
    }

    fn member(&self, tree: &Tree, e: &Expr) -> Member {
        let input = tree.reads(e).trailing_zeros() as usize;
        let mut local = e.clone();
        local.map_columns(&mut |c| c - tree.inputs[input].first);
        let estimate = &self.estimates[tree.inputs[input].rel];
        Member { input, expr: e.clone(), distinct: estimate.distinct(&local), is_key: estimate.is_key(&local) }
    }

    /// What a class says of single inputs: members of one input are equal, and what one member is, all are.
    fn implied(&self, tree: &mut Tree, class: &Class) {
        let constant = class.members.iter().find_map(|m| self.constant(&tree.inputs[m.input], class, m));
        for (i, m) in class.members.iter().enumerate() {
            let equal = |b: &Expr| call(&class.kernel, vec![m.expr.clone(), b.clone()], SqlType::Boolean, class.at);
            let first = class.members.iter().position(|o| o.input == m.input);
            if let Some(first) = first.filter(|f| *f < i) {
                let e = equal(&class.members[first].expr);
                tree.inputs[m.input].filters.push(e);
            } else if let Some(constant) = &constant
                && self.constant(&tree.inputs[m.input], class, m).is_none()
            {
                let e = equal(constant);
                let input = &mut tree.inputs[m.input];
                input.rows = (input.rows * estimate::share(&e)).max(1.0);
                input.filters.push(e);
            }
        }
    }

    /// The constant that an input's filter has a member equal to.
    fn constant(&self, input: &Input, class: &Class, member: &Member) -> Option<Expr> {
        let Rel::Filter { predicate, .. } = self.plan.rel(input.rel) else { return None };
        let mut local = member.expr.clone();
        local.map_columns(&mut |c| c - input.first);
        conjuncts(predicate.clone()).into_iter().find_map(|p| {
            let ExprOp::Call { kernel, args } = p.op else { return None };
            let literal = |e: &Expr| matches!(e.op, ExprOp::Literal(_));
            let [a, b] = <[Expr; 2]>::try_from(args).ok()?;
            let (e, constant) = if literal(&b) { (a, b) } else { (b, a) };
            (kernel == class.kernel && literal(&constant) && e.same(&local)).then_some(constant)
        })
    }

    fn built(&mut self, shape: &Shape, tree: &Tree, classes: &[Class], conditions: &[Condition]) -> Built {
        let (l, r) = match shape {
            Shape::Input(i) => return self.built_input(*i, tree),
            Shape::Join(l, r) => (self.built(l, tree, classes, conditions), self.built(r, tree, classes, conditions)),
        };
        let set = l.set | r.set;
        let equal = classes.iter().filter_map(|class| {
            let (a, b) = class.pair(l.set, r.set)?;
            Some(call(&class.kernel, vec![a.expr.clone(), b.expr.clone()], SqlType::Boolean, class.at))
        });
        let covers = |c: &&Condition| c.reads & !set == 0 && c.reads & l.set != 0 && c.reads & r.set != 0;
        let on: Vec<Expr> = equal.chain(conditions.iter().filter(covers).map(|c| c.expr.clone())).collect();
        let columns = [l.columns, r.columns].concat();
        let mut built = Built { rel: l.rel, set, columns };
        let on = on.iter().map(|e| built.over(e)).collect();
        built.rel = self.out.join(l.rel, r.rel, JoinKind::Inner, on);
        built
    }

    fn built_input(&mut self, i: usize, tree: &Tree) -> Built {
        let input = &tree.inputs[i];
        let rel = self.rel(input.rel);
        let mut built = Built { rel, set: 1 << i, columns: (input.first..input.first + input.width).collect() };
        let filters = input.filters.iter().map(|e| built.over(e)).collect();
        built.rel = self.out.filter(built.rel, all(filters));
        for (kind, other, on) in &input.tests {
            let other = self.rel(*other);
            built.rel = self.out.join(built.rel, other, *kind, on.clone());
        }
        built
    }
}

/// What some of a tree's inputs have become.
struct Built {
    rel: RelId,
    set: Set,
    /// Which columns of the tree's it has, in order.
    columns: Vec<usize>,
}

impl Built {
    /// An expression over the tree's columns, over its columns.
    fn over(&self, e: &Expr) -> Expr {
        let mut e = e.clone();
        // Conditions are placed where all that they read is there.
        e.map_columns(&mut |c| self.columns.iter().position(|has| *has == c).unwrap_or(usize::MAX));
        e
    }
}

/// Whether an expression may be computed again wherever it is read.
fn is_light(e: &Expr) -> bool {
    size(e) <= RECOMPUTED_SIZE_MAX && !may_fail(e)
}

/// Gives a test of a chain's rows (their columns are `exprs`) to the one input that it looks at, from `from` on, if there is such an input.
fn test(tree: &mut Tree, from: usize, kind: JoinKind, other: RelId, on: &[Expr], exprs: &[Expr]) -> bool {
    let width = exprs.len();
    let end = tree.width();
    let column =
        |c: usize, ty: &Expr| if c < width { exprs[c].clone() } else { Expr::column(end + c - width, ty.ty.clone()) };
    let over_tree = |e: &Expr| over_both(e, &column);
    let mut on: Vec<Expr> = on.iter().map(over_tree).collect();
    let mut reads: Set = 0;
    for e in &on {
        e.visit_columns(&mut |c| {
            if c < end {
                reads |= 1 << tree.of_column(c)
            }
        });
    }
    if reads.count_ones() != 1 || (reads.trailing_zeros() as usize) < from {
        return false;
    }
    let input = &mut tree.inputs[reads.trailing_zeros() as usize];
    for e in &mut on {
        e.map_columns(&mut |c| if c < end { c - input.first } else { c - end + input.width });
    }
    input.rows = (input.rows * 0.5).max(1.0);
    input.tests.push((kind, other, on));
    true
}

/// An expression with its columns replaced by what `column` makes of them.
fn over_both(e: &Expr, column: &impl Fn(usize, &Expr) -> Expr) -> Expr {
    if let ExprOp::Column(c) = e.op {
        return substitute(e, &|_| column(c, e));
    }
    let mut out = e.clone();
    for child in out.children_mut() {
        *child = over_both(child, column);
    }
    out
}

/// Notes that two expressions are equal.
fn equate(classes: &mut Vec<Class>, kernel: &str, at: Position, a: Member, b: Member) {
    let find = |classes: &[Class], m: &Member| {
        classes.iter().position(|c| c.kernel == kernel && c.members.iter().any(|o| o.expr.same(&m.expr)))
    };
    let at_a = find(classes, &a).unwrap_or_else(|| {
        classes.push(Class { kernel: kernel.to_string(), at, members: vec![], written: vec![] });
        classes.len() - 1
    });
    if let Some(at_b) = find(classes, &b).filter(|at_b| *at_b != at_a) {
        let other = classes.remove(at_b);
        let at_a = if at_b < at_a { at_a - 1 } else { at_a };
        let class = &mut classes[at_a];
        let offset = class.members.len();
        class.members.extend(other.members);
        class.written.extend(other.written.into_iter().map(|(x, y)| (x + offset, y + offset)));
        let pair = (class.add(a), class.add(b));
        class.written.push(pair);
        return;
    }
    let class = &mut classes[at_a];
    let pair = (class.add(a), class.add(b));
    class.written.push(pair);
}

impl Class {
    /// Where a member is.
    fn add(&mut self, member: Member) -> usize {
        self.members.iter().position(|m| m.expr.same(&member.expr)).unwrap_or_else(|| {
            self.members.push(member);
            self.members.len() - 1
        })
    }

    /// Members of two sets of inputs: those that the program compares, if it does; else the first.
    fn pair(&self, l: Set, r: Set) -> Option<(&Member, &Member)> {
        let within = |m: &Member, set: Set| set & (1 << m.input) != 0;
        let written = self.written.iter().map(|(a, b)| (&self.members[*a], &self.members[*b]));
        let either = written.flat_map(|(a, b)| [(a, b), (b, a)]).find(|(a, b)| within(a, l) && within(b, r));
        either.or_else(|| {
            let first = |set| self.members.iter().find(|m| within(m, set));
            Some((first(l)?, first(r)?))
        })
    }
}

/// Trees and what they cost: the rows that are kept between their joins.
struct Weighed<'t> {
    tree: &'t Tree,
    classes: &'t [Class],
    conditions: &'t [Condition],
    /// The inputs that equalities connect, class by class.
    linked: Vec<Set>,
    rows: HashMap<Set, f64>,
}

impl<'t> Weighed<'t> {
    fn new(tree: &'t Tree, classes: &'t [Class], conditions: &'t [Condition]) -> Weighed<'t> {
        let of_class = |c: &Class| c.members.iter().fold(0, |set, m| set | 1 << m.input);
        let of_condition = |c: &Condition| matches!(c.expr.op, ExprOp::NotDistinct(..)).then_some(c.reads);
        let linked = classes.iter().map(of_class).chain(conditions.iter().filter_map(of_condition)).collect();
        Weighed { tree, classes, conditions, linked, rows: HashMap::new() }
    }

    /// The rows of the join of some inputs.
    fn rows(&mut self, set: Set) -> f64 {
        if let Some(rows) = self.rows.get(&set) {
            return *rows;
        }
        let within = |i: usize| set & (1 << i) != 0;
        let inputs = self.tree.inputs.iter().enumerate();
        let mut rows: f64 = inputs.filter(|(i, _)| within(*i)).map(|(_, input)| input.rows).product();
        // Columns that are equal to others of the same input say less than each alone.
        let mut linked: Vec<Set> = (0..self.tree.inputs.len()).map(|i| 1 << i).collect();
        for class in self.classes {
            let mut members: Vec<&Member> = vec![];
            for m in class.members.iter().filter(|m| within(m.input)) {
                if members.iter().all(|o| o.input != m.input) {
                    members.push(m);
                }
            }
            members.sort_by(|a, b| a.distinct.total_cmp(&b.distinct));
            for pair in members.windows(2) {
                let (a, b) = (pair[0].input, pair[1].input);
                let again = linked[a] & (1 << b) != 0;
                // Of no rows there are no values.
                let distinct = pair[1].distinct.max(1.0);
                rows /= if again { distinct.sqrt() } else { distinct };
                linked[a] |= 1 << b;
                linked[b] |= 1 << a;
            }
        }
        for c in self.conditions.iter().filter(|c| c.reads != 0 && c.reads & !set == 0) {
            rows *= c.share;
        }
        let rows = rows.clamp(1.0, ROWS_MAX);
        self.rows.insert(set, rows);
        rows
    }

    /// What the join of two sets costs by itself: what is kept of it, unless it is the last.
    fn joined(&mut self, l: Set, r: Set) -> f64 {
        let rows = if (l | r).count_ones() as usize == self.tree.inputs.len() { 0.0 } else { self.rows(l | r) };
        if self.equal(l, r) { rows } else { UNEQUAL * self.rows(l | r) }
    }

    /// Whether an equality leads from one set to the other.
    fn equal(&self, l: Set, r: Set) -> bool {
        self.linked.iter().any(|set| set & l != 0 && set & r != 0)
    }

    /// The inputs and the cost of a tree.
    fn cost(&mut self, shape: &Shape) -> (Set, f64) {
        match shape {
            Shape::Input(i) => (1 << i, 0.0),
            Shape::Join(l, r) => {
                let ((l, below_l), (r, below_r)) = (self.cost(l), self.cost(r));
                (l | r, below_l + below_r + self.joined(l, r))
            }
        }
    }

    /// The best tree that was found.
    fn best(&mut self) -> (Shape, f64) {
        if self.tree.inputs.len() <= WEIGHED_MAX { self.weigh_all() } else { self.greedy() }
    }

    /// Of each set of inputs the best tree, smaller sets first.
    fn weigh_all(&mut self) -> (Shape, f64) {
        let n = self.tree.inputs.len();
        let mut best: Vec<(f64, Set)> = vec![(0.0, 0); 1 << n];
        for set in 1..(1u64 << n) {
            if set.count_ones() < 2 {
                continue;
            }
            let lowest = set & set.wrapping_neg();
            // (Any tree, should there be none that costs a number.)
            let mut found = (f64::INFINITY, lowest);
            let mut l = (set - 1) & set;
            while l != 0 {
                if l & lowest != 0 {
                    let r = set & !l;
                    let below = best[l as usize].0 + best[r as usize].0;
                    if below < found.0 {
                        let cost = below + self.joined(l, r);
                        if cost < found.0 {
                            found = (cost, l);
                        }
                    }
                }
                l = (l - 1) & set;
            }
            best[set as usize] = found;
        }
        fn shape(best: &[(f64, Set)], set: Set) -> Shape {
            if set.count_ones() == 1 {
                return Shape::Input(set.trailing_zeros() as usize);
            }
            let l = best[set as usize].1;
            Shape::Join(Box::new(shape(best, l)), Box::new(shape(best, set & !l)))
        }
        let all = (1u64 << n) - 1;
        (shape(&best, all), best[all as usize].0)
    }

    /// The two trees whose join is smallest are joined, again and again (Fegaras, DEXA 1998).
    fn greedy(&mut self) -> (Shape, f64) {
        let mut trees: Vec<(Shape, Set)> = (0..self.tree.inputs.len()).map(|i| (Shape::Input(i), 1 << i)).collect();
        while trees.len() > 1 {
            let mut found = (f64::INFINITY, 0, 1);
            for a in 0..trees.len() {
                for b in a + 1..trees.len() {
                    let (l, r) = (trees[a].1, trees[b].1);
                    let rows = self.rows(l | r) * if self.equal(l, r) { 1.0 } else { UNEQUAL };
                    if rows < found.0 {
                        found = (rows, a, b);
                    }
                }
            }
            let (r, of_r) = trees.remove(found.2);
            let (l, of_l) = trees.remove(found.1);
            trees.insert(found.1, (Shape::Join(Box::new(l), Box::new(r)), of_l | of_r));
        }
        let (shape, _) = trees.remove(0);
        let (_, cost) = self.cost(&shape);
        (shape, cost)
    }
}
