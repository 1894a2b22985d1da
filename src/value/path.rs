//! Paths: absolute ones inside a container, relative ones beside the spec. Neither can climb.

use std::str::FromStr;

use super::{Invalid, quote};

/// A path inside a container, such as `/etc/x.yml`: no `.` or `..`, no doubled slash, a slash at its end only in `/`.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct AbsolutePath(String);

string_newtype!(AbsolutePath);
text!(AbsolutePath, "an absolute path such as `/etc/app.yml`", {
    "type": "string",
    "description": "An absolute path without `.`, `..`, `:` and a slash at its end.",
    "pattern": "^/([^/:]+(/[^/:]+)*)?$",
    "examples": ["/etc/app.yml", "/data"],
});

impl AbsolutePath {
    /// The folder it lies in; `None` for `/`.
    pub fn parent(&self) -> Option<AbsolutePath> {
        let at = self.0.rfind('/').filter(|_| self.0 != "/")?;
        Some(AbsolutePath(if at == 0 { "/".to_owned() } else { self.0[..at].to_owned() }))
    }

    /// The last part; `None` for `/`.
    pub fn file_name(&self) -> Option<&str> {
        self.0.rsplit('/').next().filter(|last| !last.is_empty())
    }

    /// Whether it is `folder` or lies inside it.
    pub fn is_within(&self, folder: &AbsolutePath) -> bool {
        folder.0 == "/" || self.0.strip_prefix(&folder.0).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }
}

impl FromStr for AbsolutePath {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let Some(rest) = text.strip_prefix('/') else {
            return Err(Invalid::new(format!("{} is not an absolute path: start it with a slash, such as `/etc/app.yml`", quote(text))));
        };
        if !rest.is_empty() {
            check_parts(rest, text)?;
        }
        Ok(AbsolutePath(text.to_owned()))
    }
}

/// A path relative to the spec file, with `/` between its parts on every machine: no leading slash, no `.` or `..`.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct RelativePath(String);

string_newtype!(RelativePath);
text!(RelativePath, "a path beside the spec such as `files/app.yml`", {
    "type": "string",
    "description": "A path relative to the spec file, inside its folder, without `.`, `..` and `:`.",
    "pattern": "^[^/:\\\\]+(/[^/:\\\\]+)*$",
    "examples": ["files/app.yml"],
});

impl RelativePath {
    /// The last part.
    pub fn file_name(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or_default()
    }
}

impl FromStr for RelativePath {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let rule = "write it relative to the spec file, such as `files/app.yml`";
        if text.is_empty() || text.starts_with('/') {
            return Err(Invalid::new(format!("{} is not a path inside the spec's folder: {rule}", quote(text))));
        }
        if text.contains('\\') {
            return Err(Invalid::new(format!("{} has a backslash: put `/` between the parts of a path", quote(text))));
        }
        check_parts(text, text)?;
        Ok(RelativePath(text.to_owned()))
    }
}

/// Checks what lies between the slashes; `text` is the whole for messages.
fn check_parts(parts: &str, text: &str) -> Result<(), Invalid> {
    for part in parts.split('/') {
        let why = match part {
            "" => "has a doubled slash or one at its end: leave it out",
            "." | ".." => "has a `.` or `..`: write the path without them",
            _ if part.contains(':') => "has a colon, which mounts don't allow: write it without",
            _ if part.chars().any(char::is_control) => "has a control character: write it without",
            _ => continue,
        };
        return Err(Invalid::new(format!("{} {why}", quote(text))));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::agreement::agree;

    #[test]
    fn paths_agree_with_their_schema() {
        agree::<AbsolutePath>(
            &["/", "/etc/x.yml", "/a b", "/..a"],
            &["", "etc", "//", "/a/", "/a//b", "/a:b"],
            &["/..", "/a/../b", "/./a", "/a\nb"],
        );
        agree::<RelativePath>(&["files/x.yml", "x", "a b/..c"], &["", "/x", "a/", "a//b", "a\\b", "C:x"], &["..", "../x", "./x", "a/.."]);
    }

    #[test]
    fn folders_hold_paths() {
        let path = |text: &str| text.parse::<AbsolutePath>().unwrap();
        assert_eq!((path("/a/b").parent(), path("/a").parent(), path("/").parent()), (Some(path("/a")), Some(path("/")), None));
        assert!(path("/a/b").is_within(&path("/a")) && !path("/ab").is_within(&path("/a")) && path("/a").is_within(&path("/")));
        assert_eq!(path("/a/b").file_name(), Some("b"));
    }
}
