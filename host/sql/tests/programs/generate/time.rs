//! The time of the step, and windows of time.

use super::from::{From, of_alias};
use super::{Generator, Relation};
use crate::tree::{Sort, Tree, sql};
use crate::types::Ty;

impl Generator<'_> {
    /// NOW, or what grows with it, if it may be read here.
    pub(super) fn now(&mut self, ty: Ty) -> Option<Tree> {
        if self.common || self.timeless > 0 || self.scopes.is_empty() {
            return None;
        }
        let forms: &[&str] = match ty {
            Ty::Ts => &[
                "NOW()",
                "NOW()",
                "(NOW() - INTERVAL '1' HOUR)",
                "(NOW() + INTERVAL '30' MINUTE)",
                "TIMESTAMP_TRUNC(NOW(), HOUR)",
                "(NOW() - INTERVAL '1' MONTH)",
            ],
            Ty::Date => &["CAST(NOW() AS DATE)", "(CAST(NOW() AS DATE) - INTERVAL '1' DAY)"],
            Ty::Big => &["EXTRACT(HOUR FROM NOW())"],
            _ => return None,
        };
        self.note("NOW");
        Some(Tree::text(Sort::Value(ty), *self.random.pick(forms)))
    }

    /// A condition that the time passes.
    pub(super) fn temporal(&mut self) -> Option<Tree> {
        let ty = *self.random.pick(&[Ty::Ts, Ty::Ts, Ty::Date]);
        let of = self.column(ty, false)?;
        let now = self.now(ty)?;
        self.note("temporal filter");
        let sort = Sort::Value(Ty::Bool);
        let of = match self.random.below(6) {
            0 if ty == Ty::Ts => sql![Sort::Value(ty); "(", of, " + INTERVAL '1' HOUR)"],
            1 if ty == Ty::Ts => sql![Sort::Value(ty); "TIMESTAMP_TRUNC(", of, ", HOUR)"],
            2 => sql![Sort::Value(ty); "COALESCE(", of, ", ", self.leaf(ty), ")"],
            _ => of,
        };
        Some(match self.random.below(8) {
            0 => {
                let earlier = Tree::text(Sort::Value(ty), format!("({now} - INTERVAL '1' DAY)"));
                sql![sort; "(", of, " BETWEEN ", earlier, " AND ", now, ")"]
            }
            1 => sql![sort; "(", now, self.operator(), of, ")"],
            2 => sql![sort; "(", of.clone(), " IS NULL OR ", of, self.operator(), now, ")"],
            _ => sql![sort; "(", of, self.operator(), now, ")"],
        })
    }

    fn operator(&mut self) -> &'static str {
        self.random.pick::<&str>(&[" < ", " <= ", " > ", " >= ", " >= ", " = "])
    }

    /// TUMBLE, HOP or SESSION over a relation with a time; the old form of TUMBLE.
    pub(super) fn window(&mut self, alias: &str) -> Option<From> {
        let is_time = |c: &&(String, Ty, bool)| matches!(c.1, Ty::Ts | Ty::Date);
        let with_time = |r: &&Relation| r.columns.iter().any(|c| is_time(&c));
        let found: Vec<Relation> = self.relations.iter().filter(with_time).cloned().collect();
        if found.is_empty() {
            return None;
        }
        let found = self.random.pick(&found).clone();
        let times: Vec<_> = found.columns.iter().filter(is_time).cloned().collect();
        let (time, ty, _) = self.random.pick(&times).clone();
        let (small, large) = match ty {
            Ty::Date => ("INTERVAL '1' DAY", "INTERVAL '2' DAY"),
            _ => ("INTERVAL '30' MINUTE", "INTERVAL '1' HOUR"),
        };
        let from = &found.name;
        let (note, call, rows) = match self.random.below(8) {
            0 | 1 => ("TUMBLE", format!("TUMBLE(TABLE {from}, DESCRIPTOR({time}), {large})"), 1.0),
            2..4 => ("HOP", format!("HOP(TABLE {from}, DESCRIPTOR({time}), {small}, {large})"), 2.0),
            4 | 5 => {
                let keys: Vec<_> = found.columns.iter().filter(|c| c.1.is_plain() && c.0 != time).cloned().collect();
                let key = if keys.is_empty() || self.random.percent(40) {
                    String::new()
                } else {
                    format!(", DESCRIPTOR({})", self.random.pick(&keys).0)
                };
                ("SESSION", format!("SESSION(TABLE {from}, DESCRIPTOR({time}){key}, {large})"), 1.0)
            }
            _ => return Some(self.groups_of_time(alias, &found, &time, ty, large)),
        };
        self.note(note);
        let mut columns = found.columns.clone();
        columns.extend(["window_start", "window_end"].map(|name| (name.to_string(), ty, true)));
        let tree = sql![Sort::Relation; format!("TABLE({call}) AS {alias}")];
        Some(From { tree, columns: of_alias(alias, &columns), rows: found.rows * rows })
    }

    fn groups_of_time(&mut self, alias: &str, found: &Relation, time: &str, ty: Ty, size: &str) -> From {
        self.note("GROUP BY TUMBLE");
        let mut columns = vec![("a".to_string(), Ty::Ts, true), ("n".to_string(), Ty::Big, true)];
        let time = if ty == Ty::Ts { format!("q.{time}") } else { format!("CAST(q.{time} AS TIMESTAMP)") };
        let (mut items, mut keys) = (String::new(), String::new());
        if self.random.percent(50) {
            items.push_str(&format!(", TUMBLE_END({time}, {size}) AS z"));
            columns.push(("z".into(), Ty::Ts, true));
        }
        let plain: Vec<_> = found.columns.iter().filter(|c| c.1.is_plain()).cloned().collect();
        if let Some((key, ty, exact)) = plain.first().filter(|_| self.random.percent(50)) {
            items.push_str(&format!(", q.{key} AS k"));
            keys = format!(", q.{key}");
            columns.push(("k".into(), *ty, *exact));
        }
        let text = format!(
            "(SELECT TUMBLE_START({time}, {size}) AS a, COUNT(*) AS n{items} FROM {} AS q GROUP BY TUMBLE({time}, {size}){keys}) AS {alias}",
            found.name
        );
        let tree = sql![Sort::Relation; text];
        From { tree, columns: of_alias(alias, &columns), rows: found.rows }
    }
}
