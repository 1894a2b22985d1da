//! All integration tests, in one program. The name of a trial starts with its module: `cargo test --test integration judges::kubeconform` runs
//! the trials of one judge.
//!
//! Trials that say something about the program run the binary that `PLATGEN_BIN` names (see `support`). Trials that change models or texts by the
//! thousand call the library; `pipeline` proves that both give the same bytes and findings.

mod acceptance;
mod alerts;
mod answers;
mod check;
mod cycles;
mod features;
mod hcl_layout;
mod judges;
mod kubernetes;
mod mutations;
mod oracle;
mod output;
mod packaging;
mod pipeline;
mod policy;
mod properties;
mod reject;
mod sequence;
mod support;
mod tidy;
mod yaml_oracle;

use libtest_mimic::{Arguments, Trial};
use std::process::ExitCode;

/// The name of a module and the function that collects its trials.
type Module = (&'static str, fn() -> Vec<Trial>);

/// The modules in the order in which their trials start: fast ones first, those that wait for other programs last.
const MODULES: [Module; 19] = [
    ("tidy", tidy::trials),
    ("cycles", cycles::trials),
    ("reject", reject::trials),
    ("answers", answers::trials),
    ("kubernetes", kubernetes::trials),
    ("alerts", alerts::trials),
    ("pipeline", pipeline::trials),
    ("policy", policy::trials),
    ("check", check::trials),
    ("output", output::trials),
    ("features", features::trials),
    ("properties", properties::trials),
    ("acceptance", acceptance::trials),
    ("sequence", sequence::trials),
    ("packaging", packaging::trials),
    ("yaml_oracle", yaml_oracle::trials),
    ("hcl_layout", hcl_layout::trials),
    ("judges", judges::trials),
    ("mutations", mutations::trials),
];

fn main() -> ExitCode {
    if output::ran_part() || properties::printed_spec() {
        return ExitCode::SUCCESS;
    }
    let arguments = Arguments::from_args();
    let modules = MODULES.iter().filter(|(module, _)| wanted(&arguments, module));
    let conclusion = libtest_mimic::run(&arguments, modules.flat_map(|(_, trials)| trials()).collect());
    if arguments.list {
        return ExitCode::SUCCESS;
    }
    let reported = [judges::report(whole(&arguments, "judges")), mutations::report()];
    if conclusion.has_failed() || reported.contains(&false) { ExitCode::from(101) } else { ExitCode::SUCCESS }
}

/// Whether trials of a module may run. The trials of a module are collected only then: judges render every spec for it.
fn wanted(arguments: &Arguments, module: &str) -> bool {
    let named = arguments.filter.as_deref().and_then(|filter| filter.split_once("::")).map(|(first, _)| first);
    let other = named.is_some_and(|named| named != module && MODULES.iter().any(|(module, _)| *module == named));
    let skipped = !arguments.exact && arguments.skip.iter().any(|skip| format!("{module}::").contains(skip.as_str()));
    !other && !skipped
}

/// Whether all trials of a module run.
fn whole(arguments: &Arguments, module: &str) -> bool {
    let all = arguments.filter.as_deref().is_none_or(|filter| !arguments.exact && format!("{module}::").starts_with(filter));
    all && arguments.skip.is_empty() && !arguments.ignored
}
