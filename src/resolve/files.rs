//! Files: those of containers, and those that the spec includes.

use super::consumer::Consumer;
use super::containers::MOST_CONFIG;
use super::volumes::Volumes;
use super::{EnvironmentResolver, written};
use crate::diagnostic::{Code, Diagnostic};
use crate::model::{ConfigFile, FileContent, Source};
use crate::source::Span;
use crate::spec::ContainerFields;
use crate::syntax::Field;
use crate::value::{AbsolutePath, Text, credential};

impl<'a> EnvironmentResolver<'a> {
    /// The files of a container.
    pub(super) fn files(&mut self, fields: ContainerFields<'_>, consumer: &mut Consumer<'_>, volumes: &mut Volumes) -> Vec<ConfigFile> {
        let mut files = Vec::new();
        let mut bytes = 0;
        for (path, span, file) in fields.files.entries() {
            self.mount_file(volumes, path, span);
            let said = written([("from", file.from.span()), ("text", file.text.span()), ("secret", file.secret.span())]);
            match said[..] {
                [] => {
                    let diagnostic = Diagnostic::new(Code::MissingField, format!("the file `{path}` has no content")).at(span);
                    self.tell(diagnostic.help("add `from:`, `text:` or `secret:`"));
                    continue;
                }
                [_] => {}
                [(first, first_at), .., (last, at)] => {
                    self.contradiction(format!("`{last}` and `{first}` both set the content of `{path}`"), at, Some(first_at));
                    continue;
                }
            }
            let expand = file.expand.is_true();
            let content = match (&file.from, &file.text, &file.secret) {
                (_, _, Field::Set(secret, _)) => Some(FileContent::Secret(secret.clone())),
                (Field::Set(from, at), _, _) => {
                    self.content(from.as_str(), *at).and_then(|content| self.copied(content, *at, path, expand, consumer))
                }
                (_, Field::Set(text, at), _) => self.file_text(text, *at, path, expand, consumer),
                _ => None,
            };
            let length = match &content {
                Some(FileContent::Text(text)) => text.len(),
                Some(FileContent::Binary(content)) => content.len(),
                Some(FileContent::Secret(_) | FileContent::Restored(_)) | None => 0,
            };
            if length > 0 {
                let before = bytes;
                bytes += length;
                if before <= MOST_CONFIG && bytes > MOST_CONFIG {
                    let diagnostic = Diagnostic::new(Code::ConfigTooLarge, format!("with `{path}` the files take {bytes} bytes")).at(span);
                    self.tell(diagnostic.help("a ConfigMap holds 1 MiB: put large files into the image, a volume or a bucket"));
                }
            }
            let mode = file.mode.get().copied();
            files.extend(content.map(|content| ConfigFile { path: path.to_string(), content, mode }));
        }
        files
    }

    /// The content of a file that is copied: text, unless the bytes are not UTF-8 or hold a NUL byte, which no text file does.
    fn copied(&mut self, content: &[u8], at: Span, path: &AbsolutePath, expand: bool, consumer: &mut Consumer<'_>) -> Option<FileContent> {
        match std::str::from_utf8(content).ok().filter(|text| !text.contains('\0')) {
            Some(text) => {
                if credential::has_shape(text) {
                    self.secret_literal(&format!("`{path}`"), at);
                }
                self.file_text(text, at, path, expand, consumer)
            }
            None if expand => {
                let message = format!("`{path}` is binary, and `expand` is for text");
                self.tell(Diagnostic::new(Code::Contradiction, message).at(at).help("remove `expand`"));
                None
            }
            None => Some(FileContent::Binary(content.to_vec())),
        }
    }

    fn file_text(&mut self, text: &str, at: Span, path: &AbsolutePath, expand: bool, consumer: &mut Consumer<'_>) -> Option<FileContent> {
        if !expand {
            return Some(FileContent::Text(text.to_string()));
        }
        match text.parse::<Text>() {
            Ok(parsed) => match self.value(&parsed, at, &format!("`{path}`"), consumer)? {
                Source::Text(text) => Some(FileContent::Text(text)),
                Source::Secret(secret) => Some(FileContent::Secret(secret)),
                Source::Fact(_) | Source::Composed(_) => {
                    let message = format!("`{path}` names a fact of the pod, and a ConfigMap is the same for every pod");
                    let diagnostic = Diagnostic::new(Code::Contradiction, message).at(at);
                    self.tell(diagnostic.help("pass the fact as a variable under `config`"));
                    None
                }
                // The spec has no word for it.
                Source::Made { .. } => None,
                Source::Template(_) => {
                    let diagnostic = Diagnostic::new(Code::Contradiction, format!("`{path}` combines text and a secret")).at(at);
                    self.tell(diagnostic.help("keep the whole file in the secret manager (`secret:`), or pass the secret as a variable"));
                    None
                }
            },
            Err(invalid) => {
                self.error(Code::InvalidValue, invalid.message, at);
                None
            }
        }
    }

    /// The text of a file that the spec includes. Reports a file that is no text.
    pub(super) fn included(&mut self, path: &str, at: Span) -> Option<String> {
        let content = self.content(path, at)?;
        let text = std::str::from_utf8(content).ok().map(str::to_owned);
        if text.is_none() {
            self.error(Code::InvalidValue, format!("`{path}` can't be read: it is not UTF-8"), at);
        }
        text
    }

    /// The content of a file that the spec includes.
    fn content(&mut self, path: &str, at: Span) -> Option<&'a [u8]> {
        match self.inputs.included.get(path) {
            Some(Ok(content)) => Some(content),
            Some(Err(reason)) => {
                self.error(Code::InvalidValue, format!("`{path}` can't be read: {reason}"), at);
                None
            }
            None => {
                self.error(Code::InvalidValue, format!("there is no file `{path}` in the folder of the spec"), at);
                None
            }
        }
    }
}
