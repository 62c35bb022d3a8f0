//! What connectors say, without the values of secrets.

use crate::TransportError;
use ::url::Url;
use serde_json::Value;
use std::borrow::Cow;
use std::fmt;

/// Parts of a secret that are this short are told: they are in every other text.
const PART_BYTES_MIN: usize = 4;

/// Values that must not be told, each with the reference that is told instead.
#[derive(Clone, Default)]
pub struct Hidden {
    /// Forms in lower case, the longest first.
    forms: Vec<(String, String)>,
    references: Vec<String>,
}

impl fmt::Debug for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Hidden").field(&self.references).finish()
    }
}

impl Hidden {
    pub(super) fn add(&mut self, value: &str, reference: &str) {
        if self.references.iter().any(|r| r == reference) {
            return;
        }
        self.references.push(reference.into());
        let mut forms = vec![value.to_owned(), value.trim().to_owned()];
        // As errors quote it.
        forms.extend([format!("{value:?}"), Value::from(value).to_string()].map(|q| q[1..q.len() - 1].to_owned()));
        let mut parts: Vec<String> = Vec::new();
        // Lines are told one by one.
        parts.extend(value.lines().map(|line| line.trim().to_owned()));
        // As URLs have it: put into each of their parts, and escaped for them.
        for (before, behind) in [("https://h/", ""), ("https://h/?", ""), ("https://", "/")] {
            if let Ok(url) = Url::parse(&format!("{before}{value}{behind}")) {
                let whole = &url.as_str()[before.len().min(url.as_str().len())..];
                parts.push(whole.strip_suffix(behind).unwrap_or(whole).to_owned());
                parts.extend([url.host_str(), url.fragment()].into_iter().flatten().map(str::to_owned));
            }
        }
        if let Ok(mut url) = Url::parse("https://h/") {
            url.set_path(value);
            parts.push(url.path().trim_start_matches('/').into());
            url.set_query(Some(value));
            parts.push(url.query().unwrap_or("").into());
        }
        parts.push(::url::form_urlencoded::byte_serialize(value.as_bytes()).collect());
        // A URL as others tell it: with a '/', without its password, or but its host.
        if let Ok(url) = Url::parse(value) {
            parts.extend([url.to_string(), crate::url::shown(&url), url.path().to_owned()]);
            parts.extend([url.host_str(), url.password(), url.query()].into_iter().flatten().map(str::to_owned));
        }
        forms.extend(parts.into_iter().filter(|part| part.len() >= PART_BYTES_MIN));
        forms.retain(|form| !form.is_empty());
        self.forms.extend(forms.into_iter().map(|form| (form.to_ascii_lowercase(), reference.to_owned())));
    }

    pub(super) fn sort(&mut self) {
        self.forms.sort_by(|a, b| b.0.len().cmp(&a.0.len()).then_with(|| a.cmp(b)));
        self.forms.dedup();
    }

    /// A text without the values.
    pub fn hide<'t>(&self, text: &'t str) -> Cow<'t, str> {
        // Byte for byte as long.
        let lower = if self.forms.is_empty() { String::new() } else { text.to_ascii_lowercase() };
        if !self.forms.iter().any(|(form, _)| lower.contains(form)) {
            return text.into();
        }
        let (mut out, mut at) = (String::new(), 0);
        while let Some(c) = text[at..].chars().next() {
            match self.forms.iter().find(|(form, _)| lower[at..].starts_with(form)) {
                Some((form, reference)) => {
                    out.push_str(reference);
                    at += form.len();
                }
                None => {
                    out.push(c);
                    at += c.len_utf8();
                }
            }
        }
        out.into()
    }

    /// An error without the values.
    #[must_use]
    pub fn error(&self, e: TransportError) -> TransportError {
        match e {
            TransportError::Transient(message) => TransportError::Transient(self.hide(&message).into()),
            TransportError::Fatal(message) => TransportError::Fatal(self.hide(&message).into()),
        }
    }

    /// What is wrong with a configuration. With secrets in it nothing of it is told but the key: messages quote values, and parts of them.
    pub fn wrong(&self, what: &str, key: Option<&str>, message: &str) -> String {
        if self.references.is_empty() {
            return message.to_owned();
        }
        let key = key.map(|key| format!("'{key}' of ")).unwrap_or_default();
        format!("{key}the configuration of its {what} is not right with the values of {}", self.references.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_hidden() {
        let mut hidden = Hidden::default();
        hidden.add("pa ss\"wörd", "${env:A}");
        hidden.add("https://user:hush@Example.org/dir?token=abcdef", "${env:U}");
        hidden.add("x", "${env:X}");
        hidden.add("Üb#ss", "${env:F}");
        hidden.sort();
        for told in [
            "it is pa ss\"wörd!",
            r#"it is "pa ss\"wörd"!"#,
            "it is PA SS\"WöRD!",
            "GET https://h/pa%20ss%22w%C3%B6rd",
            "?a=pa+ss%22w%C3%B6rd",
            "GET https://h/?x=%C3%9Cb#ss",
            "GET https://user:hush@Example.org/dir?token=abcdef",
            "GET https://example.org/dir?token=abcdef: refused",
            "no such host: example.org",
            "xyz",
        ] {
            let said = hidden.hide(told);
            assert!(said.contains("${env:"), "{said}");
            for part in ["ss", "SS", "hush", "xample", "abcdef", "xyz"] {
                assert!(!said.contains(part), "{said}");
            }
        }
        assert_eq!(hidden.hide("nothing of that"), "nothing of that");
        assert!(!format!("{hidden:?}").contains("hush"));
        assert!(!hidden.wrong("format", Some("quote"), "'quote' is not pa ss\"wörd").contains("ss\""));
    }
}
