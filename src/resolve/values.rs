//! Texts with expressions: their values in one region.

use super::EnvironmentResolver;
use super::consumer::Consumer;
use crate::diagnostic::{Code, Diagnostic};
use crate::model::{FactPart, PodFact, Source, TemplatePart};
use crate::source::Span;
use crate::value::{Expression, Interpolation, OwnField, Part, Text};

/// A part of a text.
enum Piece {
    /// A part that is known when rendering, or a secret.
    Known(TemplatePart),
    /// A fact of the pod.
    Fact(PodFact),
}

impl From<TemplatePart> for Piece {
    fn from(part: TemplatePart) -> Piece {
        Piece::Known(part)
    }
}

impl EnvironmentResolver<'_> {
    /// The value of a text. `None` if an expression has no value, which is reported.
    pub(super) fn value(&mut self, text: &Text, at: Span, what: &str, consumer: &mut Consumer<'_>) -> Option<Source> {
        let mut pieces: Vec<Piece> = Vec::new();
        let mut complete = true;
        // The word before an expression: a secret in a URL is encoded, so that its `/` or `@` can't change the target of the URL.
        let mut word = String::new();
        for part in text.parts() {
            let piece = match part {
                Part::Literal(text) => Some(TemplatePart::Text(text.clone()).into()),
                Part::Value(value) => match &value.expression {
                    Expression::Secret(reference) => {
                        Some(TemplatePart::Secret { reference: reference.clone(), in_url: word.contains("://") }.into())
                    }
                    Expression::User { reference, user, field } => {
                        let place = self.place_of_expression(text, value, at);
                        self.user((reference, user, *field), (place, at), what, consumer, word.contains("://")).map(Piece::Known)
                    }
                    expression => {
                        let place = self.place_of_expression(text, value, at);
                        match fact(expression) {
                            Some(fact) => Some(Piece::Fact(fact)),
                            None => self.expression(expression, place, at, what, consumer).map(|text| TemplatePart::Text(text).into()),
                        }
                    }
                },
            };
            if let Some(Piece::Known(TemplatePart::Text(text))) = &piece {
                word.push_str(text);
                let ends = |sign: char| sign.is_whitespace() || matches!(sign, '"' | '\'' | '`' | '<' | '>');
                word = word.rsplit(ends).next().unwrap_or_default().to_owned();
            }
            match (piece, pieces.last_mut()) {
                (None, _) => complete = false,
                (Some(Piece::Known(TemplatePart::Text(text))), Some(Piece::Known(TemplatePart::Text(last)))) => last.push_str(&text),
                (Some(piece), _) => pieces.push(piece),
            }
        }
        if !complete {
            return None;
        }
        if pieces.iter().any(|piece| matches!(piece, Piece::Fact(_))) { self.composed(pieces, at, what) } else { Some(known(pieces)) }
    }

    /// The value of a text with facts of the pod. Reports a secret among them: Kubernetes takes a variable from a Secret as it stands.
    fn composed(&mut self, pieces: Vec<Piece>, at: Span, what: &str) -> Option<Source> {
        let mut parts = Vec::new();
        for piece in pieces {
            match piece {
                Piece::Fact(fact) => parts.push(FactPart::Fact(fact)),
                Piece::Known(TemplatePart::Text(text)) => parts.push(FactPart::Text(text)),
                Piece::Known(TemplatePart::Secret { .. }) => {
                    let message = format!("{what} combines a secret with a fact of the pod, which one variable can't hold");
                    let help = "set two variables, and combine them in the program or with `$(NAME)` in `args`";
                    self.tell(Diagnostic::new(Code::Contradiction, message).at(at).help(help));
                    return None;
                }
            }
        }
        Some(if let [FactPart::Fact(fact)] = parts[..] { Source::Fact(fact) } else { Source::Composed(parts) })
    }

    /// The span of an expression in a text; the whole text if an escape sequence hides the expression.
    fn place_of_expression(&self, text: &Text, value: &Interpolation, at: Span) -> Span {
        let earlier = text.original().get(..value.offset).unwrap_or_default().matches(value.source.as_str()).count();
        let written = self.inputs.sources.text(at).match_indices(value.source.as_str()).nth(earlier);
        written.map_or(at, |(start, part)| inside(at, start, part))
    }

    /// The span of a name at the end of a reference or an expression; the whole of it if an escape sequence hides the name.
    pub(super) fn place_of(&self, part: &str, at: Span) -> Span {
        self.inputs.sources.text(at).rfind(part).map_or(at, |start| inside(at, start, part))
    }

    fn expression(&mut self, expression: &Expression, at: Span, whole: Span, what: &str, consumer: &mut Consumer<'_>) -> Option<String> {
        match expression {
            // `value` reads what may be a secret, which has no text.
            Expression::Secret(_) | Expression::User { .. } => None,
            Expression::Var(name) => {
                let declared = self.is_declared("variable", &self.spec.vars, name, self.place_of(name.as_str(), at));
                self.spec.vars.value(name.as_str()).filter(|_| declared).cloned()
            }
            Expression::Own(field) => self.own(*field, at, consumer),
            Expression::Address { reference, field } => self.address(reference, *field, (at, whole), what, consumer),
        }
    }

    fn own(&mut self, field: OwnField, at: Span, consumer: &Consumer<'_>) -> Option<String> {
        let port = |resolver: &mut Self| match consumer.port {
            Some(port) => Some(port.target),
            None if consumer.entry.ports_invalid => None,
            None => {
                resolver.error(Code::Contradiction, format!("`{}` does not have exactly one port", consumer.label), at);
                None
            }
        };
        Some(match field {
            OwnField::Name | OwnField::Host => consumer.name.to_string(),
            OwnField::Port => port(self)?.to_string(),
            OwnField::Address => {
                port(self)?;
                format!("{}:{}", consumer.name, consumer.port?.service)
            }
            OwnField::Namespace => consumer.namespace.to_string(),
            OwnField::Environment => self.environment.to_string(),
            OwnField::Region => consumer.region.name.to_string(),
            OwnField::Account => match &consumer.region.account {
                Some(account) => account.clone(),
                // A region on a cloud without an account is reported already.
                None if consumer.region.provider.is_cloud() => return None,
                None => {
                    let message = format!("`{}` has no account: it is not on a cloud", consumer.region.name);
                    self.tell(Diagnostic::new(Code::Contradiction, message).at(at).help("remove the reference"));
                    return None;
                }
            },
            // `value` reads the facts of the pod.
            OwnField::PodName | OwnField::PodIp | OwnField::PodUid | OwnField::NodeName | OwnField::HostIp => return None,
        })
    }
}

/// The fact of the pod that an expression stands for.
fn fact(expression: &Expression) -> Option<PodFact> {
    let Expression::Own(field) = expression else { return None };
    match field {
        OwnField::PodName => Some(PodFact::Name),
        OwnField::PodIp => Some(PodFact::Ip),
        OwnField::PodUid => Some(PodFact::Uid),
        OwnField::NodeName => Some(PodFact::NodeName),
        OwnField::HostIp => Some(PodFact::HostIp),
        OwnField::Name
        | OwnField::Host
        | OwnField::Port
        | OwnField::Address
        | OwnField::Namespace
        | OwnField::Environment
        | OwnField::Region
        | OwnField::Account => None,
    }
}

/// The value of a text without facts of the pod.
fn known(pieces: Vec<Piece>) -> Source {
    let parts: Vec<TemplatePart> =
        pieces.into_iter().filter_map(|piece| if let Piece::Known(part) = piece { Some(part) } else { None }).collect();
    match &parts[..] {
        [] => Source::Text(String::new()),
        [TemplatePart::Text(text)] => Source::Text(text.clone()),
        [TemplatePart::Secret { reference, .. }] => Source::Secret(reference.clone()),
        _ => Source::Template(parts),
    }
}

/// The span of a part of a span.
fn inside(whole: Span, start: usize, part: &str) -> Span {
    let start = whole.start + start as u32;
    Span { start, end: start + part.len() as u32, ..whole }
}
