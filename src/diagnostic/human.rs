//! Findings for people: message, the line of the source with a caret, other places, the edit as a patch, environments.
//!
//! The look is rustc's, drawn by annotate-snippets. It is handed only the lines that it shows, since it reads all it is given once per
//! finding, and only spans within one line, so that any span can be shown.

use annotate_snippets::{Annotation, AnnotationKind, Element, Group, Level, Origin, Patch, Renderer, Snippet, normalize_untrusted_str};

use super::place::{Place, Places};
use super::{Diagnostic, Severity, environments};

/// Places of one file that are at most this many lines apart share an excerpt, in which the lines between them are folded.
const NEAR: usize = 30;

/// An excerpt of more bytes has lines that nobody can read (a file without line breaks): the place is named without one, as is the place of a credential,
/// which would be kept in the log of every run.
const LONG: usize = 8192;

pub(super) fn print(diagnostics: &[&Diagnostic], places: &Places, colour: bool) -> String {
    let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
    let reports: Vec<String> = diagnostics.iter().map(|diagnostic| renderer.render(&groups(diagnostic, places)) + "\n").collect();
    reports.join("\n")
}

/// The report of one finding: the finding itself, then the edit.
fn groups<'a>(diagnostic: &'a Diagnostic, places: &Places<'a>) -> Vec<Group<'a>> {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    };
    let primary = diagnostic.span.and_then(|span| places.find(span));
    let edit = edit(diagnostic, places);
    let mut group = level.primary_title(diagnostic.message.as_str()).id(diagnostic.code.name()).elements(Vec::<Element>::new());
    let mut notes: Vec<String> = Vec::new();
    match &diagnostic.subject {
        Some(subject) if primary.is_none() => group = group.element(Origin::path(subject.as_str())),
        Some(subject) if !diagnostic.message.contains(subject.as_str()) => notes.push(format!("about {subject}")),
        Some(_) => {}
        None => {}
    }
    group = group.elements(excerpts(marks(diagnostic, primary, places), places));
    if edit.is_none() {
        group = group.elements(diagnostic.help.iter().map(|help| Level::HELP.message(normalize_untrusted_str(help))));
    }
    notes.extend(environments(diagnostic));
    group = group.elements(notes.iter().map(|note| Level::NOTE.message(normalize_untrusted_str(note))));
    [Some(group), edit].into_iter().flatten().collect()
}

/// A place to point at.
struct Mark<'a> {
    place: Place<'a>,
    kind: AnnotationKind,
    label: Option<&'a str>,
}

fn marks<'a>(diagnostic: &'a Diagnostic, primary: Option<Place<'a>>, places: &Places<'a>) -> Vec<Mark<'a>> {
    let primary = primary.map(|place| Mark { place, kind: AnnotationKind::Primary, label: diagnostic.label.as_deref() });
    let related = diagnostic.related.iter().filter_map(|other| {
        Some(Mark { place: places.find(other.span)?, kind: AnnotationKind::Context, label: Some(other.message.as_str()) })
    });
    primary.into_iter().chain(related).collect()
}

/// The marks with the lines around them, near ones together, in the order of the first of each.
fn excerpts<'a>(marks: Vec<Mark<'a>>, places: &Places<'a>) -> Vec<Element<'a>> {
    let mut clusters: Vec<Vec<Mark>> = Vec::new();
    for mark in marks {
        let near = |other: &Mark| other.place.file == mark.place.file && other.place.start.line.abs_diff(mark.place.start.line) <= NEAR;
        match clusters.iter_mut().find(|cluster| cluster.iter().any(near)) {
            Some(cluster) => cluster.push(mark),
            None => clusters.push(vec![mark]),
        }
    }
    clusters.into_iter().flat_map(|cluster| excerpt(cluster, places)).collect()
}

fn excerpt<'a>(cluster: Vec<Mark<'a>>, places: &Places<'a>) -> Vec<Element<'a>> {
    let lines = || cluster.iter().map(|mark| mark.place.start.line);
    let (Some(first), Some(last), Some(Mark { place, .. })) = (lines().min(), lines().max(), cluster.first()) else { return Vec::new() };
    let range = places.lines(place.file, first, last);
    if range.len() > LONG || !places.showable(place.file, first, last) {
        return cluster.iter().flat_map(named).collect();
    }
    let source = &place.source.text[range.clone()];
    let snippet = Snippet::source(source).path(place.name()).line_start(first);
    vec![snippet.annotations(cluster.iter().map(|mark| annotation(mark, range.start, places))).into()]
}

/// A place without its line.
fn named<'a>(mark: &Mark<'a>) -> Vec<Element<'a>> {
    let Mark { place, label, .. } = mark;
    let origin = Origin::path(place.name()).line(place.start.line).char_column(place.start.column);
    let label = label.map(|label| Level::NOTE.message(normalize_untrusted_str(label)).into());
    std::iter::once(origin.into()).chain(label).collect()
}

/// A caret under the mark, or under the part of it that lies in its first line; `base` is where the excerpt begins.
fn annotation<'a>(mark: &Mark<'a>, base: usize, places: &Places) -> Annotation<'a> {
    let Mark { place, kind, label } = mark;
    let end_of_line = places.lines(place.file, place.start.line, place.start.line).end;
    let start = place.start.offset.min(end_of_line);
    kind.span(start - base..place.end.offset.clamp(start, end_of_line) - base).label(*label)
}

/// The help with its edit as a patch; `None` where there is no edit to show.
fn edit<'a>(diagnostic: &'a Diagnostic, places: &Places<'a>) -> Option<Group<'a>> {
    let fix = diagnostic.fix.as_ref()?;
    let place = places.editable(fix.span)?;
    let range = places.lines(place.file, place.start.line, place.end.line);
    if range.len() + fix.text.len() > LONG || !places.showable(place.file, place.start.line, place.end.line) {
        return None;
    }
    let patch = Patch::new(place.start.offset - range.start..place.end.offset - range.start, fix.text.as_str());
    let snippet = Snippet::source(&place.source.text[range]).path(place.name()).line_start(place.start.line).patch(patch);
    let help = diagnostic.help.as_deref().unwrap_or("make this edit");
    Some(Level::HELP.secondary_title(normalize_untrusted_str(help)).element(snippet))
}
