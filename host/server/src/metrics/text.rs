//! Metrics in the text format of Prometheus (version 0.0.4): families with help and type, their samples together.

use super::histogram::Observed;
use std::collections::HashMap;
use std::fmt::Write;

/// The media type of the format.
pub const MEDIA_TYPE: &str = "text/plain; version=0.0.4";

/// Labels of a sample: names and values.
pub type Labels<'a> = &'a [(&'a str, &'a str)];

/// Metrics that are being written.
#[derive(Debug, Default)]
pub struct Exposition {
    families: Vec<(&'static str, String)>,
    by_name: HashMap<&'static str, usize>,
}

impl Exposition {
    /// A value that may go up and down.
    pub fn gauge(&mut self, name: &'static str, help: &str, labels: Labels<'_>, value: impl Into<Number>) {
        let family = self.family(name, help, "gauge");
        sample(family, name, labels, value.into());
    }

    /// A value that only goes up, while the pipeline or server lives.
    pub fn counter(&mut self, name: &'static str, help: &str, labels: Labels<'_>, value: impl Into<Number>) {
        let family = self.family(name, help, "counter");
        sample(family, name, labels, value.into());
    }

    /// A histogram.
    pub fn histogram(&mut self, name: &'static str, help: &str, labels: Labels<'_>, observed: &Observed) {
        let family = self.family(name, help, "histogram");
        let mut below = 0;
        let bounds = observed.bounds.iter().map(f64::to_string).chain(["+Inf".to_owned()]);
        for (bound, count) in bounds.zip(&observed.buckets) {
            below += count;
            let labels: Vec<_> = labels.iter().copied().chain([("le", bound.as_str())]).collect();
            sample(family, &format!("{name}_bucket"), &labels, below.into());
        }
        sample(family, &format!("{name}_sum"), labels, observed.sum.into());
        sample(family, &format!("{name}_count"), labels, below.into());
    }

    /// The text.
    pub fn finish(self) -> String {
        self.families.into_iter().map(|(_, text)| text).collect()
    }

    fn family(&mut self, name: &'static str, help: &str, kind: &str) -> &mut String {
        let at = *self.by_name.entry(name).or_insert_with(|| {
            let help = help.replace('\\', "\\\\").replace('\n', "\\n");
            self.families.push((name, format!("# HELP {name} {help}\n# TYPE {name} {kind}\n")));
            self.families.len() - 1
        });
        &mut self.families[at].1
    }
}

/// A sample's value.
#[derive(Clone, Copy, Debug)]
pub enum Number {
    /// A count.
    Whole(u64),
    /// Anything else.
    Real(f64),
}

impl From<u64> for Number {
    fn from(n: u64) -> Number {
        Number::Whole(n)
    }
}

impl From<f64> for Number {
    fn from(x: f64) -> Number {
        Number::Real(x)
    }
}

fn sample(to: &mut String, name: &str, labels: Labels<'_>, value: Number) {
    to.push_str(name);
    for (i, (label, value)) in labels.iter().enumerate() {
        to.push(if i == 0 { '{' } else { ',' });
        let _ = write!(to, "{label}=\"");
        for c in value.chars() {
            match c {
                '\\' => to.push_str("\\\\"),
                '"' => to.push_str("\\\""),
                '\n' => to.push_str("\\n"),
                c => to.push(c),
            }
        }
        to.push('"');
    }
    if !labels.is_empty() {
        to.push('}');
    }
    let _ = match value {
        Number::Whole(n) => writeln!(to, " {n}"),
        Number::Real(x) => writeln!(to, " {x}"),
    };
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::histogram::Histogram;
    use std::time::Duration;

    #[test]
    fn families_stay_together_and_values_are_escaped() {
        let mut out = Exposition::default();
        out.gauge("a", "About \\ a\nand b", &[("x", "\"q\"\n\\")], 1);
        out.counter("n_total", "Counts.", &[], 5);
        out.gauge("a", "", &[("x", "y"), ("z", "")], 0.5);
        let histogram = Histogram::new(&[0.25, 2.0]);
        histogram.observe(Duration::from_millis(250));
        histogram.observe(Duration::from_secs(3));
        out.histogram("h", "Times.", &[("k", "v")], &histogram.observed());
        assert_eq!(
            out.finish(),
            r#"# HELP a About \\ a\nand b
# TYPE a gauge
a{x="\"q\"\n\\"} 1
a{x="y",z=""} 0.5
# HELP n_total Counts.
# TYPE n_total counter
n_total 5
# HELP h Times.
# TYPE h histogram
h_bucket{k="v",le="0.25"} 1
h_bucket{k="v",le="2"} 1
h_bucket{k="v",le="+Inf"} 2
h_sum{k="v"} 3.25
h_count{k="v"} 2
"#
        );
    }
}
