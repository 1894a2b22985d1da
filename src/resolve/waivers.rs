//! Findings that the spec accepts: each with a rule, a reason and a last day.

use super::Scope;
use crate::model::{Platform, Waiver};
use crate::syntax::Field;

impl Scope<'_> {
    pub(super) fn waivers(&mut self, platform: &mut Platform) {
        let spec = self.spec;
        for (name, span, waiver) in spec.waivers.get().into_iter().flat_map(|all| all.set()) {
            let here = self.is_here(&waiver.only);
            let rule = self.require(&waiver.rule, "rule", span).cloned();
            let reason = self.reason(&waiver.reason, "reason", "a waiver", span);
            let expires = self.require(&waiver.expires, "expires", span).copied();
            let (Some(rule), Some(reason), Some(expires)) = (rule, reason, expires) else { continue };
            if here {
                platform.waivers.push(Waiver {
                    name: name.clone(),
                    span,
                    rule,
                    objects: waiver.objects.get().into_iter().flatten().filter_map(Field::get).cloned().collect(),
                    reason,
                    expires,
                    expires_span: waiver.expires.span().unwrap_or(span),
                });
            }
        }
    }
}
