//! Paths of requests from outside, as a route of the Gateway API takes them.

use std::str::FromStr;

use super::{Invalid, quote};

/// The path below which an app is reached: `/` is all, `/shop` is `/shop` and what lies below it.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct RoutePath(String);

/// The longest path of a route.
const LONGEST: usize = 1024;

/// What a path may have in it beside letters, digits, slashes and escapes (Gateway API, `HTTPPathMatch`).
const OTHERS: &str = "-._~!$&'()*+,;=:@";

string_newtype!(RoutePath);
text!(RoutePath, "a path such as `/shop`", {
    "type": "string",
    "description": "A path of requests: it starts with a slash, ends with none and has no empty part, `.` or `..`.",
    "pattern": "^/(([-A-Za-z0-9._~!$&'()*+,;=:@]|%[0-9a-fA-F]{2})+(/([-A-Za-z0-9._~!$&'()*+,;=:@]|%[0-9a-fA-F]{2})+)*)?$",
    "maxLength": LONGEST,
    "examples": ["/", "/shop"],
});

impl FromStr for RoutePath {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let wrong = |why: &str| Err(Invalid::new(format!("{} is not a path of requests: {why}", quote(text))));
        let Some(rest) = text.strip_prefix('/') else { return wrong("it starts with a slash, such as `/shop`") };
        if text.len() > LONGEST {
            return wrong("it has at most 1024 characters");
        }
        if rest.is_empty() {
            return Ok(RoutePath(text.to_owned()));
        }
        // A route is for the path with and without a slash at its end, so one spelling is enough.
        if rest.ends_with('/') {
            return wrong("leave out the slash at its end: `/shop` is `/shop/`, too");
        }
        for part in rest.split('/') {
            match part {
                "" => return wrong("it has an empty part"),
                "." | ".." => return wrong("it has a part `.` or `..`"),
                _ => {}
            }
            let mut rest = part.chars();
            while let Some(c) = rest.next() {
                let escaped = c == '%' && rest.by_ref().take(2).filter(char::is_ascii_hexdigit).count() == 2;
                if !(escaped || c.is_ascii_alphanumeric() || OTHERS.contains(c)) {
                    return wrong("write what is no letter, digit or one of `-._~!$&'()*+,;=:@` as `%` and two digits, a query not at all");
                }
            }
            if part.to_ascii_lowercase().contains("%2f") {
                return wrong("a slash can't be escaped in it");
            }
        }
        Ok(RoutePath(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::agreement::agree;

    #[test]
    fn only_what_a_route_takes() {
        let good = ["/", "/shop", "/a/b.c/~d", "/caf%C3%A9", "/a:b@c"];
        let long = format!("/{}", "a".repeat(1024));
        let bad = ["", "shop", "/shop/", "//", "/a//b", "/a b", "/a?b", "/a#b", "/a%2", "/a%zz", "/é", &long];
        agree::<RoutePath>(&good, &bad, &["/a/../b", "/.", "/a%2Fb"]);
    }
}
