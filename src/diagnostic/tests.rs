//! What every printer owes: whole goldens of one rich finding, no panic for any span, time that grows with the findings.

use super::*;
use proptest::prelude::*;
use std::path::PathBuf;

const SPEC: &str = "\
apiVersion: platgen/v1
network:
  subnets:
    general: {default: true}
apps:
  cart:
    image: registry.example/cart:v1
    replcas: 2   # für zwei
";

fn sources() -> Sources {
    let mut sources = Sources::default();
    sources.add("platform.yaml", SPEC);
    sources.add("my apps/other.yaml", "apps:\r\n\tcart: \u{e9}\u{1F980}x\r\n\n\r\nlast");
    sources.add("empty.yaml", "");
    sources.add_default("apps.yaml", "apps:\n  scale: {replicas: 1}\n");
    sources
}

fn span(sources: &Sources, file: u16, text: &str) -> Span {
    let file = crate::source::FileId(file);
    let start = sources.get(file).text.find(text).expect("the text is there");
    Span::new(file, start..start + text.len())
}

/// One finding with everything, one about an output file, one in the built-in defaults.
fn findings(sources: &Sources) -> Vec<Diagnostic> {
    let key = span(sources, 0, "replcas");
    let mut rich = Diagnostic::new(Code::UnknownKey, "unknown key `replcas`")
        .at(key)
        .label("no such key in an app")
        .related(span(sources, 0, "cart"), "in this app")
        .related(span(sources, 1, "cart"), "which is here too")
        .related(span(sources, 3, "replicas"), "the default")
        .help("did you mean `replicas`?")
        .fix(key, "replicas");
    rich.environments = vec!["beta".into(), "production".into()];
    let mut plain = Diagnostic::new(Code::Syntax, "100% wrong, is it?").subject("deploy/kubernetes/a, b.yaml").help("say: it");
    plain.severity = Severity::Warning;
    let mut default = Diagnostic::new(Code::DuplicateKey, "the key `scale` stands twice").at(span(sources, 3, "scale"));
    default.severity = Severity::Note;
    vec![rich, plain, default]
}

#[test]
fn goldens() {
    let (sources, folder) = (sources(), PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/diagnostic"));
    let findings = findings(&sources);
    let all: Vec<&Diagnostic> = findings.iter().collect();
    for format in Format::ALL {
        let path = folder.join(format!("{}.txt", format.name()));
        // The release number and the list of all codes change for reasons of their own.
        let mut text = print(format, &all, &sources, false);
        if format == Format::Sarif {
            let mut log: serde_json::Value = serde_json::from_str(&text).expect("SARIF is JSON");
            let driver = &mut log["runs"][0]["tool"]["driver"];
            assert_eq!(driver["rules"].as_array().map(Vec::len), Some(Code::ALL.len()));
            *driver = "...".into();
            for result in log["runs"][0]["results"].as_array_mut().into_iter().flatten() {
                result["ruleIndex"] = "...".into();
            }
            text = format!("{log:#}\n");
        }
        if std::env::var_os("UPDATE_GOLDENS").is_some() {
            std::fs::create_dir_all(&folder).expect("the folder can be made");
            std::fs::write(&path, &text).expect("the golden can be written");
        }
        let golden = std::fs::read_to_string(&path).unwrap_or_default();
        assert_eq!(text, golden, "{} differs; UPDATE_GOLDENS=1 writes it anew", path.display());
    }
}

#[test]
fn nothing_found_is_said_as_the_format_says_it() {
    let sources = sources();
    assert_eq!(print(Format::Human, &[], &sources, true), "");
    assert_eq!(print(Format::Github, &[], &sources, false), "");
    assert_eq!(print(Format::Json, &[], &sources, false), "[]\n");
    assert!(print(Format::Sarif, &[], &sources, false).contains("\"results\": []"));
}

#[test]
fn colour_is_the_callers_choice() {
    let sources = sources();
    let findings = findings(&sources);
    assert!(print(Format::Human, &[&findings[0]], &sources, true).contains('\u{1b}'));
    let plain = print(Format::Human, &[&findings[0]], &sources, false);
    assert!(!plain.contains('\u{1b}'));
    assert!(plain.chars().all(|sign| sign.is_ascii() || "\u{fc}\u{e9}\u{1F980}".contains(sign)), "only the user's own text is not ASCII");
}

#[test]
fn fingerprints_survive_new_lines_above() {
    let mut moved = Sources::default();
    moved.add("platform.yaml", format!("# new\n{SPEC}"));
    let prints = |sources: &Sources| {
        let at = span(sources, 0, "replcas");
        let [a, b] = [(), ()].map(|()| Diagnostic::new(Code::UnknownKey, "unknown key").at(at));
        let log: serde_json::Value = serde_json::from_str(&print(Format::Sarif, &[&a, &b], sources, false)).expect("SARIF is JSON");
        [0, 1].map(|index| log["runs"][0]["results"][index]["partialFingerprints"].to_string())
    };
    let before = prints(&sources());
    assert_eq!(before, prints(&moved));
    assert_ne!(before[0], before[1]);
}

/// A thousand findings in three megabytes, of many lines or of a single one.
#[test]
fn time_grows_with_the_findings_not_with_the_file() {
    for line in ["  key: value of this line\n", "{key: value}, "] {
        let mut sources = Sources::default();
        let text = line.repeat(3_000_000 / line.len());
        let step = text.len() / 1000;
        let file = sources.add("large.yaml", text);
        let found: Vec<Diagnostic> = (0..1000)
            .map(|at| Span::new(file, at * step..at * step + 3))
            .map(|span| Diagnostic::new(Code::UnknownKey, "unknown key").at(span).help("remove it").fix(span, ""))
            .collect();
        let all: Vec<&Diagnostic> = found.iter().collect();
        for format in Format::ALL {
            let start = std::time::Instant::now();
            assert!(!print(format, &all, &sources, false).is_empty());
            let took = start.elapsed();
            eprintln!("{format:?}: {took:?}");
            assert!(took.as_secs() < 20, "{format:?} took {took:?}");
        }
    }
}

fn spans() -> impl Strategy<Value = Span> {
    (0u16..5, 0u32..60, 0u32..60).prop_map(|(file, start, end)| Span { file: crate::source::FileId(file), start, end })
}

proptest! {
    #[test]
    fn no_span_and_no_text_panics(
        span in prop::option::of(spans()),
        related in prop::collection::vec((spans(), "\\PC{0,3}"), 0..3),
        fix in prop::option::of((spans(), "[ a\\n\\r\\t\u{e9}]{0,8}")),
        message in "(?s).{0,5}",
        help in prop::option::of("(?s).{0,4}"),
        subject in prop::option::of("(?s).{0,4}"),
    ) {
        let mut found = Diagnostic { span, help, subject, ..Diagnostic::new(Code::UnknownKey, message) }.label("here");
        for (span, message) in related {
            found = found.related(span, message);
        }
        if let Some((span, text)) = fix {
            found = found.fix(span, text);
        }
        for format in Format::ALL {
            let text = print(format, &[&found], &sources(), format == Format::Human);
            prop_assert!(text.ends_with('\n'));
            if matches!(format, Format::Json | Format::Sarif) {
                prop_assert!(serde_json::from_str::<serde_json::Value>(&text).is_ok());
            } else if format == Format::Github {
                prop_assert_eq!(text.lines().count(), 1);
            }
        }
    }
}
