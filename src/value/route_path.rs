//! Request paths of Gateway API routes.

use super::Invalid;

/// The maximum length of a path.
const LONGEST: usize = 1024;

/// The characters of a path besides letters, digits, slashes and escapes (Gateway API, `HTTPPathMatch`).
const OTHERS: &str = "-._~!$&'()*+,;=:@";

string! {
    /// A path prefix of requests: `/` matches every path, `/shop` matches `/shop` and every path below it.
    RoutePath, "a path such as `/shop`", {
        "type": "string",
        "description": "A path prefix of requests: a leading slash, no trailing slash, no empty part, no `.` or `..`.",
        "pattern": "^/(([-A-Za-z0-9._~!$&'()*+,;=:@]|%[0-9a-fA-F]{2})+(/([-A-Za-z0-9._~!$&'()*+,;=:@]|%[0-9a-fA-F]{2})+)*)?$",
        "maxLength": LONGEST,
        "examples": ["/", "/shop"],
    }
}

impl RoutePath {
    fn parse(text: &str) -> Result<Self, Invalid> {
        let wrong = |why: &str| Err(Invalid::not(text, "a request path", why));
        let Some(rest) = text.strip_prefix('/') else { return wrong("write a leading slash, such as `/shop`") };
        if text.len() > LONGEST {
            return wrong("a path has at most 1024 characters");
        }
        if rest.is_empty() {
            return Ok(RoutePath(text.to_owned()));
        }
        // A route matches the path with and without a trailing slash, so one spelling is enough.
        if rest.ends_with('/') {
            return wrong("remove the trailing slash: `/shop` also matches `/shop/`");
        }
        for part in rest.split('/') {
            match part {
                "" => return wrong("remove the double slash"),
                "." | ".." => return wrong("write the path without `.` and `..`"),
                _ => {}
            }
            let mut rest = part.chars();
            while let Some(c) = rest.next() {
                let escaped = c == '%' && rest.by_ref().take(2).filter(char::is_ascii_hexdigit).count() == 2;
                if !(escaped || c.is_ascii_alphanumeric() || OTHERS.contains(c)) {
                    return wrong(
                        "use letters, digits and `-._~!$&'()*+,;=:@`, escape other characters such as a space as `%20`, and leave out a query",
                    );
                }
            }
            if part.to_ascii_lowercase().contains("%2f") {
                return wrong("a slash can't be escaped as `%2F`");
            }
        }
        Ok(RoutePath(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::schema_laws::agree;

    #[test]
    fn only_what_a_route_takes() {
        let good = ["/", "/shop", "/a/b.c/~d", "/caf%C3%A9", "/a:b@c"];
        let long = format!("/{}", "a".repeat(1024));
        let bad = ["", "shop", "/shop/", "//", "/a//b", "/a b", "/a?b", "/a#b", "/a%2", "/a%zz", "/é", &long];
        agree::<RoutePath>(&good, &bad, &["/a/../b", "/.", "/a%2Fb"]);
    }
}
