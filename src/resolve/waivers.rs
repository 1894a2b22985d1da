//! Waivers: findings that the spec accepts, with a rule, a reason and a last day.

use super::EnvironmentResolver;
use crate::diagnostic::{Code, Diagnostic, wording};
use crate::model::{Platform, Waiver};
use crate::source::Span;

/// Scanners whose waivers can't be limited to objects.
const WHOLE: [&str; 3] = ["detect-secrets", "tflint", "yamllint"];

impl EnvironmentResolver<'_> {
    /// Reports an unknown rule of platgen. Rules of scanners depend on their versions and are not checked.
    fn check_rule(&mut self, name: &str, at: Span) {
        if Code::RULES.iter().any(|rule| rule.name() == name) {
            return;
        }
        let diagnostic = Diagnostic::new(Code::UnknownReference, format!("platgen has no rule `{name}`")).at(at);
        self.tell(match wording::suggest(name, Code::RULES.iter().map(|rule| rule.name())) {
            Some(close) => diagnostic.help(format!("did you mean `{close}`?")).fix(at, format!("platgen/{close}")),
            None => diagnostic.help("`platgen check --help` lists the rules"),
        });
    }

    pub(super) fn waivers(&mut self, platform: &mut Platform) {
        let spec = self.spec;
        for (name, span, waiver) in spec.waivers.entries() {
            let here = self.is_here(&waiver.only);
            let rule = self.require(&waiver.rule, "rule", span).cloned();
            if let (Some(own), Some(at)) = (rule.as_ref().and_then(|rule| rule.own()), waiver.rule.span()) {
                self.check_rule(own, at);
            }
            let reason = self.reason(&waiver.reason, "reason", "a waiver", span);
            let expires = self.require(&waiver.expires, "expires", span).copied();
            let (Some(rule), Some(reason), Some(expires)) = (rule, reason, expires) else { continue };
            let objects: Vec<_> = waiver.objects.values().cloned().collect();
            let all = objects.iter().any(|pattern| pattern.as_str() == "*");
            let narrowed = if all { waiver.only.span() } else { waiver.objects.span() };
            if let (true, Some(narrowed)) = (WHOLE.contains(&rule.scanner()), narrowed) {
                let message = format!("a waiver of `{}` can't be limited: its findings name no objects", rule.scanner());
                self.tell(Diagnostic::new(Code::InvalidValue, message).at(narrowed).help("remove `objects` and `only`"));
                continue;
            }
            if here {
                platform.waivers.push(Waiver {
                    name: name.clone(),
                    span,
                    rule,
                    objects,
                    everywhere: all && waiver.only.is_missing(),
                    reason,
                    expires,
                    expires_span: waiver.expires.span().unwrap_or(span),
                });
            }
        }
    }
}
