//! HCL text -> the same text with the indentation and alignment of `terraform fmt`.
//!
//! Like the original, works on lines: brackets, the first `=` and a trailing comment. There is no syntax tree, so that incomplete text is formatted
//! too and nothing can fail. Spaces between other tokens stay: templates and [`super::write_value`] print them correctly.

use std::ops::Range;

use super::lexer::{Kind, Lexer, Token};

/// Formats a text. Text that is not HCL is formatted in some way, without losing tokens. Formatting twice changes nothing.
pub fn format(text: &str) -> String {
    let mut lines = lines(text);
    indent(&mut lines);
    align(&mut lines);
    print(text, &lines)
}

/// One line of tokens. With a heredoc or a block comment, a line has several lines of text.
#[derive(Default)]
struct Line {
    /// The tokens before the first `=`, or all tokens.
    lead: Range<usize>,
    /// The tokens after the first `=`.
    assign: Option<Range<usize>>,
    /// Whether the `=` is aligned with neighbouring lines: the tokens after it close all brackets that they open.
    aligned: bool,
    /// The trailing comment.
    comment: Option<Range<usize>>,
    /// The line break; empty on the last line.
    end: Range<usize>,
    /// Opened brackets minus closed brackets, up to the first heredoc before and after the `=`.
    net: isize,
    /// Spaces before the lead.
    indent: usize,
    /// Widths in columns of the lead and of the assigned text, without surrounding spaces.
    lead_width: usize,
    assign_width: usize,
    /// The columns of `=` and of the comment, which neighbouring lines share.
    equals_at: usize,
    comment_at: usize,
}

fn lines(text: &str) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut tokens = Vec::new();
    for token in Lexer::new(text) {
        if token.kind == Kind::Newline {
            lines.push(line(text, &tokens, token.start..token.end));
            tokens.clear();
        } else {
            tokens.push(token);
        }
    }
    if !tokens.is_empty() {
        lines.push(line(text, &tokens, text.len()..text.len()));
    }
    lines
}

fn line(text: &str, mut tokens: &[Token], end: Range<usize>) -> Line {
    let mut line = Line { end, ..Line::default() };
    if let [lead @ .., last] = tokens
        && last.kind == Kind::Comment
        && !lead.is_empty()
    {
        line.comment = Some(last.start..last.end);
        tokens = lead;
    }
    let (Some(first), Some(last)) = (tokens.first(), tokens.last()) else { return line };
    line.lead = first.start..last.end;
    line.net = net(tokens);
    if let Some(at) = tokens.iter().position(|token| token.kind == Kind::Equal)
        && at > 0
    {
        line.aligned = tokens[at..].iter().map(Token::change).sum::<isize>() == 0;
        if line.aligned {
            line.net = net(&tokens[..at]) + net(&tokens[at..]);
        }
        line.lead.end = tokens[at - 1].end;
        // The printer adds the `=` with the alignment.
        let start = tokens.get(at + 1).map_or(last.end, |token| token.start);
        line.assign = Some(start..last.end);
        line.assign_width = width(&text[start..last.end]);
    }
    line.lead_width = width(&text[line.lead.clone()]);
    line
}

fn net(tokens: &[Token]) -> isize {
    tokens.iter().take_while(|token| token.kind != Kind::Heredoc).map(Token::change).sum()
}

/// The width of a text in columns, without combining marks. Wide characters count as one column: rendered files have none before an alignment.
fn width(text: &str) -> usize {
    if text.is_ascii() {
        return text.len();
    }
    text.chars().filter(|char| !matches!(char, '\u{300}'..='\u{36f}' | '\u{200d}' | '\u{fe00}'..='\u{fe0f}')).count()
}

/// Sets the indentation: one step inside the brackets of a line, however many the line opens, until all of them are closed.
fn indent(lines: &mut [Line]) {
    let mut open: Vec<isize> = Vec::new();
    for line in lines {
        if line.lead.is_empty() {
            continue;
        }
        let mut closed = -line.net;
        while closed > 0 {
            let Some(last) = open.last_mut() else { break };
            if *last > closed {
                *last -= closed;
                break;
            }
            closed -= *last;
            open.pop();
        }
        line.indent = 2 * open.len();
        if line.net > 0 {
            open.push(line.net);
        }
    }
}

/// Aligns the `=` of neighbouring lines, then their comments.
fn align(lines: &mut [Line]) {
    for run in lines.chunk_by_mut(|a, b| a.aligned && b.aligned) {
        let column = run.iter().map(|line| line.indent + line.lead_width).max().unwrap_or(0);
        run.iter_mut().for_each(|line| line.equals_at = column);
    }
    for run in lines.chunk_by_mut(|a, b| a.comment.is_some() && b.comment.is_some()) {
        let column = run.iter().map(Line::columns).max().unwrap_or(0);
        run.iter_mut().for_each(|line| line.comment_at = column);
    }
}

impl Line {
    /// The width of the line before the comment, in columns.
    fn columns(&self) -> usize {
        match &self.assign {
            Some(value) if value.is_empty() => self.equals_at + 2,
            Some(_) => self.equals_at + 3 + self.assign_width,
            None => self.indent + self.lead_width,
        }
    }
}

fn print(text: &str, lines: &[Line]) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 4);
    let pad = |out: &mut String, spaces: usize| out.extend(std::iter::repeat_n(' ', spaces));
    for line in lines {
        pad(&mut out, line.indent);
        out.push_str(&text[line.lead.clone()]);
        if let Some(value) = &line.assign {
            pad(&mut out, line.equals_at - line.indent - line.lead_width);
            out.push_str(" =");
            if !value.is_empty() {
                out.push(' ');
                out.push_str(&text[value.clone()]);
            }
        }
        if let Some(comment) = &line.comment {
            pad(&mut out, line.comment_at - line.columns() + 1);
            out.push_str(&text[comment.clone()]);
        }
        out.push_str(&text[line.end.clone()]);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::format;
    use proptest::prelude::*;

    #[test]
    fn aligns_neighbours_and_comments() {
        let text = "locals   = {\na = 1 # one\nlonger = \"é\" # two\n\nb = 2\nc = [\n1,\n]\ndd = 3\n}\n";
        let laid = "locals = {\n  a      = 1   # one\n  longer = \"é\" # two\n\n  b = 2\n  c = [\n    1,\n  ]\n  dd = 3\n}\n";
        assert_eq!(format(text), laid);
    }

    #[test]
    fn text_without_a_last_line_break_stays_so() {
        assert_eq!(format(""), "");
        assert_eq!(format("a  =   1"), "a = 1");
    }

    #[test]
    fn blanks_behind_a_heredoc_do_not_change_where_it_ends() {
        let once = format("a = <<E \n  {\nE\nb = 1\n");
        assert_eq!(once, "a = <<E \n  {\nE\nb = 1\n");
        assert_eq!(format(&once), once);
    }

    proptest! {
        // Pieces that open, close and mix every mode of the lexer.
        #[test]
        fn keeps_every_sign_and_settles_at_once(pieces in prop::collection::vec(prop::sample::select(vec![
            "a", "bb", " ", "\n", "\r\n", "=", "==", "=>", "{", "}", "[", "]", "(", ")", "\"", "\\", "$", "$${", "${", "%{", "#", "//", "/*", "*/",
            "<<EOT\n", "<<-E", "EOT\n", "E\n", "é", "\t", ",", "\u{300}", "\u{2028}", "1", "-", "<", "/",
        ]), 0..40)) {
            let text = pieces.concat();
            let once = format(&text);
            let signs = |text: &str| text.chars().filter(|char| !char.is_whitespace()).collect::<String>();
            prop_assert_eq!(signs(&text), signs(&once));
            prop_assert_eq!(format(&once), once);
        }

        #[test]
        fn takes_any_text(text in any::<String>()) {
            format(&text);
        }
    }
}
