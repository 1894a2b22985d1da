//! HCL text -> the same text with the indentation and the alignment of `terraform fmt`.
//!
//! Works on lines of brackets, first `=` and trailing comment, as the original does: there is no tree, so half-finished text is laid out
//! too and nothing can fail. Spaces between other tokens are left as they are: templates and [`super::write_value`] print them properly.

use std::ops::Range;

use super::lexer::{Kind, Lexer, Token};

/// Lays the text out. Text that is not HCL comes back in some layout, never lost; a second pass changes nothing.
pub fn format(text: &str) -> String {
    let mut lines = lines(text);
    indent(&mut lines);
    align(&mut lines);
    print(text, &lines)
}

/// One line of tokens; it holds several lines of text where a heredoc or a block comment does.
#[derive(Default)]
struct Line {
    /// What stands before the first `=`, or everything.
    lead: Range<usize>,
    /// What follows that `=`.
    assign: Option<Range<usize>>,
    /// Whether that `=` is aligned with its neighbours: what follows closes its own brackets.
    aligned: bool,
    /// The comment at the end, up to the end of the line.
    comment: Option<Range<usize>>,
    /// The line break, empty on the last line.
    end: Range<usize>,
    /// Brackets opened less brackets closed, up to the first heredoc of each cell.
    net: isize,
    /// Spaces before the lead.
    indent: usize,
    /// Columns of the lead and of the assigned text, without the spaces around them.
    lead_width: usize,
    assign_width: usize,
    /// Columns that the longest lead and the longest text before a comment have in the run of lines around this one.
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
        // The `=` itself is printed with the alignment.
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

/// Columns, for text without combining marks: what comes before an alignment in our files is names and short literals.
fn width(text: &str) -> usize {
    text.chars().filter(|char| !matches!(char, '\u{300}'..='\u{36f}' | '\u{200d}' | '\u{fe00}'..='\u{fe0f}')).count()
}

/// However many brackets a line opens, the lines inside go in by one step; closing brackets undo the steps of those they belong to.
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

/// `=` stands in one column over neighbouring lines that have one, then comments do.
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
    /// Columns before the comment.
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
        // Pieces that open, close and mix every mode of the lexer, rather than letters that do nothing.
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
