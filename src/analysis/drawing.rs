//! What pictures of reports share: texts inside of Mermaid, SVG and the language of Graphviz.

/// A text inside of the double quotes of Mermaid.
pub(super) fn mermaid(text: &str) -> String {
    text.replace('#', "#35;").replace('"', "#quot;").replace(['\n', '\r'], " ")
}

/// A text of an SVG.
pub(super) fn svg(text: &str) -> String {
    let text: String = text.chars().filter(|c| !c.is_control()).collect();
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// A text inside of the double quotes of Graphviz.
pub(super) fn dot(text: &str) -> String {
    text.replace(['\n', '\r'], " ").replace('\\', "\\\\").replace('"', "\\\"")
}
