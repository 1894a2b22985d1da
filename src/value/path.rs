//! Paths: absolute paths in a container and paths relative to the spec. Neither may contain `..`.

use super::{Invalid, quote};

string! {
    /// A path in a container, such as `/etc/x.yml`: no `.` or `..`, no double slash, no trailing slash except in `/`.
    AbsolutePath, "an absolute path such as `/etc/app.yml`", {
        "type": "string",
        "description": "An absolute path without `.`, `..`, `:` and a trailing slash.",
        "pattern": "^/([^/:]+(/[^/:]+)*)?$",
        "examples": ["/etc/app.yml", "/data"],
    }
}

impl AbsolutePath {
    /// The parent directory; `None` for `/`.
    pub fn parent(&self) -> Option<AbsolutePath> {
        let at = self.0.rfind('/').filter(|_| self.0 != "/")?;
        Some(AbsolutePath(if at == 0 { "/".to_owned() } else { self.0[..at].to_owned() }))
    }

    /// The last part of the path; `None` for `/`.
    pub fn file_name(&self) -> Option<&str> {
        self.0.rsplit('/').next().filter(|last| !last.is_empty())
    }

    /// Whether the path is `folder` or inside of it.
    pub fn is_within(&self, folder: &AbsolutePath) -> bool {
        folder.0 == "/" || self.0.strip_prefix(&folder.0).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    fn parse(text: &str) -> Result<Self, Invalid> {
        let Some(rest) = text.strip_prefix('/') else {
            return Err(Invalid::not(text, "an absolute path", "write a leading slash, such as `/etc/app.yml`"));
        };
        if !rest.is_empty() {
            check_parts(rest, text)?;
        }
        Ok(AbsolutePath(text.to_owned()))
    }
}

string! {
    /// A path relative to the spec file, with `/` as the separator on every system: no leading slash, no `.` or `..`.
    RelativePath, "a path relative to the spec such as `files/app.yml`", {
        "type": "string",
        "description": "A path relative to the spec file, inside its directory, without `.`, `..` and `:`.",
        "pattern": "^[^/:\\\\]+(/[^/:\\\\]+)*$",
        "examples": ["files/app.yml"],
    }
}

impl RelativePath {
    /// The last part of the path.
    pub fn file_name(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or_default()
    }

    fn parse(text: &str) -> Result<Self, Invalid> {
        let rule = "write a path relative to the spec file, such as `files/app.yml`";
        if text.is_empty() || text.starts_with('/') {
            return Err(Invalid::not(text, "a path inside the spec's folder", rule));
        }
        if text.contains('\\') {
            return Err(Invalid::new(format!("{} contains a backslash: separate the parts of the path with `/`", quote(text))));
        }
        check_parts(text, text)?;
        Ok(RelativePath(text.to_owned()))
    }
}

/// Checks the parts between the slashes. `text` is the whole path, for messages.
fn check_parts(parts: &str, text: &str) -> Result<(), Invalid> {
    for part in parts.split('/') {
        let why = match part {
            "" => "has a double or trailing slash: remove the slash",
            "." | ".." => "contains `.` or `..`: write the path without them",
            _ if part.contains(':') => "contains a colon, which Kubernetes does not allow in mount paths: remove the colon",
            _ if part.chars().any(char::is_control) => "contains a control character: remove the character",
            _ => continue,
        };
        return Err(Invalid::new(format!("{} {why}", quote(text))));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::schema_laws::agree;

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
