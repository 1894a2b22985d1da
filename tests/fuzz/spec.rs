//! Any text, as a spec in YAML and in TOML: from the reader to the rendered files nothing panics, hangs or eats the memory.
#![no_main]

#[path = "../properties/pipeline.rs"]
#[allow(dead_code)]
mod pipeline;

libfuzzer_sys::fuzz_target!(|text: &str| {
    pipeline::make(&[("platform.yaml", text)]);
    pipeline::make(&[("platform.toml", text)]);
});
