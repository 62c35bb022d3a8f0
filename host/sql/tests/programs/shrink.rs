//! Makes a program and a script smaller while the same kind of fault stays.

use super::script::Script;
use super::tree::Tree;
use std::time::{Duration, Instant};

/// A program and its script.
#[derive(Clone, Debug)]
pub struct Case {
    pub tree: Tree,
    pub script: Script,
}

/// A script as changes that can be read.
pub fn shown(script: &Script) -> String {
    let mut out = String::new();
    for (step, edits) in script.iter().enumerate() {
        out.push_str(&format!("  step {step}\n"));
        for edit in edits {
            let values: Vec<String> = edit.row.iter().map(|(name, v)| format!("{name} {v:?}")).collect();
            let sign = if edit.deleted { '-' } else { '+' };
            out.push_str(&format!("    {sign} {} ({})\n", edit.table, values.join(", ")));
        }
    }
    out
}

/// The smallest case that is found within a time and still `fails`.
pub fn shrink(mut case: Case, limit: Duration, fails: impl Fn(&Case) -> bool) -> Case {
    let until = Instant::now() + limit;
    loop {
        let before = (case.tree.to_string().len(), changes(&case));
        case = smaller_script(case, until, &fails);
        case = smaller_tree(case, until, &fails);
        if (case.tree.to_string().len(), changes(&case)) == before || Instant::now() > until {
            return case;
        }
    }
}

fn changes(case: &Case) -> usize {
    case.script.iter().map(|s| s.len() + 1).sum()
}

fn smaller_tree(mut case: Case, until: Instant, fails: &impl Fn(&Case) -> bool) -> Case {
    let mut at = 0;
    let mut edits = case.tree.edits();
    while let Some(edit) = edits.get(at) {
        if Instant::now() > until {
            break;
        }
        let tree = case.tree.edited(edit);
        let smaller = tree.to_string().len() < case.tree.to_string().len();
        let next = Case { tree, script: case.script.clone() };
        if smaller && fails(&next) {
            case = next;
            // What came before in the order was tried on a larger tree, and is tried again by the next round.
            edits = case.tree.edits();
        } else {
            at += 1;
        }
    }
    case
}

fn smaller_script(mut case: Case, until: Instant, fails: &impl Fn(&Case) -> bool) -> Case {
    let try_it = |script: Script, case: &mut Case| {
        let next = Case { tree: case.tree.clone(), script };
        let found = Instant::now() < until && fails(&next);
        if found {
            *case = next;
        }
        found
    };
    for step in (0..case.script.len()).rev() {
        let mut without = case.script.clone();
        without.remove(step);
        if !try_it(without, &mut case) && step > 0 {
            // Two steps in one.
            let mut merged = case.script.clone();
            let moved = merged.remove(step);
            merged[step - 1].extend(moved);
            try_it(merged, &mut case);
        }
    }
    for step in 0..case.script.len() {
        let mut size = case.script[step].len();
        while size > 0 {
            let mut from = 0;
            while from < case.script[step].len() {
                let mut without = case.script.clone();
                let to = (from + size).min(without[step].len());
                without[step].drain(from..to);
                if !try_it(without, &mut case) {
                    from += size;
                }
            }
            size /= 2;
        }
    }
    case
}
