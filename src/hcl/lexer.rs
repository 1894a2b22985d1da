//! HCL text -> the tokens that matter for formatting: brackets, single `=`, comments, line breaks and heredocs. All other tokens have one kind.
//!
//! Accepts any text: unfinished strings end with the line, unfinished comments and heredocs with the file. Positions are byte offsets.

/// The kind of a token.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Kind {
    /// An opening bracket, `${` or `%{`.
    Open,
    /// A closing bracket.
    Close,
    /// A single `=`.
    Equal,
    /// `#` or `//`, up to the line break.
    Comment,
    /// A line break outside strings, heredocs and comments.
    Newline,
    /// `<<NAME` or `<<-NAME` with its line break.
    Heredoc,
    /// Everything else.
    Other,
}

/// A token with its byte offsets.
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) start: usize,
    pub(super) end: usize,
}

impl Token {
    /// The change of the bracket depth.
    pub(super) fn change(&self) -> isize {
        match self.kind {
            Kind::Open => 1,
            Kind::Close => -1,
            _ => 0,
        }
    }
}

/// The construct that the lexer is in.
enum Mode<'a> {
    /// An expression in `${ }` or `%{ }`, with the number of its open braces.
    Expression(usize),
    /// A quoted string.
    Quoted,
    /// A heredoc, with the name that ends it.
    Heredoc(&'a str),
}

/// The lexer: an iterator over tokens, without blanks.
pub(super) struct Lexer<'a> {
    text: &'a str,
    at: usize,
    modes: Vec<Mode<'a>>,
}

impl<'a> Lexer<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Lexer { text, at: 0, modes: Vec::new() }
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn byte(&self, ahead: usize) -> u8 {
        self.text.as_bytes().get(self.at + ahead).copied().unwrap_or(0)
    }

    /// The kind and length of the next token of an expression or of the body.
    fn plain(&mut self) -> (Kind, usize) {
        match (self.byte(0), self.byte(1)) {
            (b'\n', _) => (Kind::Newline, 1),
            (b'\r', b'\n') => (Kind::Newline, 2),
            (b'#', _) | (b'/', b'/') => {
                let line = self.rest().find('\n').map_or(self.rest(), |end| &self.rest()[..end]);
                (Kind::Comment, line.strip_suffix('\r').unwrap_or(line).len())
            }
            (b'/', b'*') => (Kind::Other, self.rest()[2..].find("*/").map_or(self.rest().len(), |end| end + 4)),
            (b'"', _) => {
                self.modes.push(Mode::Quoted);
                (Kind::Other, 1)
            }
            (b'<', b'<') => self.heredoc(),
            (b'=' | b'!' | b'<' | b'>', b'=') | (b'=', b'>') => (Kind::Other, 2),
            (b'=', _) => (Kind::Equal, 1),
            (b'(' | b'[', _) => (Kind::Open, 1),
            (b')' | b']', _) => (Kind::Close, 1),
            (b'{', _) => {
                if let Some(Mode::Expression(braces)) = self.modes.last_mut() {
                    *braces += 1;
                }
                (Kind::Open, 1)
            }
            (b'}', _) => {
                match self.modes.last_mut() {
                    Some(Mode::Expression(0)) => drop(self.modes.pop()),
                    Some(Mode::Expression(braces)) => *braces -= 1,
                    _ => {}
                }
                (Kind::Close, 1)
            }
            _ => {
                let stop = |char: char| char.is_whitespace() || "#/\"<=!>()[]{}".contains(char);
                let first = self.rest().chars().next().map_or(0, char::len_utf8);
                (Kind::Other, self.rest()[first..].find(stop).map_or(self.rest().len(), |length| first + length))
            }
        }
    }

    fn heredoc(&mut self) -> (Kind, usize) {
        let dash = usize::from(self.byte(2) == b'-');
        let name = &self.rest()[2 + dash..];
        let name = &name[..name.find(|char: char| !(char.is_alphanumeric() || "_-".contains(char))).unwrap_or(0)];
        let after = 2 + dash + name.len();
        // Terraform requires the line to end here. Trailing blanks are allowed, since removing them must not change the token.
        let rest = self.rest()[after..].trim_start_matches(|char: char| char.is_whitespace() && char != '\n');
        if !rest.starts_with('\n') || !name.starts_with(|char: char| char.is_alphabetic() || char == '_') {
            return (Kind::Other, 2);
        }
        let end = self.rest().len() - rest.len() + 1;
        self.modes.push(Mode::Heredoc(name));
        (Kind::Heredoc, end)
    }

    /// The kind and length of the next part of a string: text, the start of an expression, or the end.
    fn string(&mut self, heredoc: Option<&str>) -> (Kind, usize) {
        if let Some(name) = heredoc
            && self.text[..self.at].ends_with('\n')
        {
            let line = self.rest().split('\n').next().unwrap_or("");
            if line.trim() == name {
                self.modes.pop();
                return (Kind::Other, line.strip_suffix('\r').unwrap_or(line).len());
            }
        }
        if matches!((self.byte(0), self.byte(1)), (b'$' | b'%', b'{')) {
            self.modes.push(Mode::Expression(0));
            return (Kind::Open, 2);
        }
        let bytes = self.rest().as_bytes();
        let mut length = 0;
        while let Some(byte) = bytes.get(length) {
            match (byte, &bytes[length + 1..]) {
                (b'\n', _) if heredoc.is_some() => return (Kind::Other, length + 1),
                // A quoted string ends with its line, finished or not.
                (b'\n', _) => {
                    self.modes.pop();
                    return (Kind::Other, length);
                }
                (b'"', _) if heredoc.is_none() => {
                    self.modes.pop();
                    return (Kind::Other, length + 1);
                }
                (b'\\', [next, ..]) if heredoc.is_none() && *next != b'\n' => length += 2,
                (b'$', [b'$', b'{', ..]) | (b'%', [b'%', b'{', ..]) => length += 3,
                (b'$' | b'%', [b'{', ..]) => return (Kind::Other, length),
                _ => length += 1,
            }
        }
        (Kind::Other, length)
    }
}

impl Iterator for Lexer<'_> {
    type Item = Token;

    fn next(&mut self) -> Option<Token> {
        loop {
            let (kind, length) = match self.modes.last() {
                Some(Mode::Quoted) => self.string(None),
                Some(&Mode::Heredoc(name)) => self.string(Some(name)),
                _ => {
                    let blank = |char: char| char.is_whitespace() && char != '\n';
                    let blanks = self.rest().len() - self.rest().trim_start_matches(blank).len();
                    // The carriage return of a line break belongs to the break.
                    let blanks = blanks - usize::from(blanks > 0 && self.byte(blanks) == b'\n' && self.byte(blanks - 1) == b'\r');
                    self.at += blanks;
                    if self.rest().is_empty() {
                        return None;
                    }
                    self.plain()
                }
            };
            let start = self.at;
            self.at += length;
            if length > 0 {
                return Some(Token { kind, start, end: self.at });
            }
            if self.rest().is_empty() {
                return None;
            }
        }
    }
}
