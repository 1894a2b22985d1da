//! Words about Helm charts: where one comes from, its version, and where its definitions are.

use super::{HostAddress, Invalid, Port, quote};

string! {
    /// The exact version of a chart, such as `1.2.3`: no range, and no part of a version.
    ChartVersion, "the exact version of a chart, such as `1.2.3`", {
        "type": "string",
        "description": "The exact version of a Helm chart.",
        "pattern": "^v?(0|[1-9][0-9]{0,8})[.](0|[1-9][0-9]{0,8})[.](0|[1-9][0-9]{0,8})(-[0-9A-Za-z.-]{1,64})?([+][0-9A-Za-z.-]{1,64})?$",
        "examples": ["1.2.3", "v1.21.1"],
    }
}

impl ChartVersion {
    fn parse(text: &str) -> Result<Self, Invalid> {
        let rule = "write one such as `1.2.3`; a range or a part of a version would install another chart tomorrow";
        let wrong = || Invalid::not(text, "the exact version of a chart", rule);
        let (rest, build) = text.split_once('+').map_or((text, None), |(rest, build)| (rest, Some(build)));
        let (figures, release) = rest.split_once('-').map_or((rest, None), |(rest, release)| (rest, Some(release)));
        let is_word = |word: &str| (1..=64).contains(&word.len()) && word.bytes().all(|b| b.is_ascii_alphanumeric() || b".-".contains(&b));
        let is_figure = |figure: &str| {
            (1..=9).contains(&figure.len()) && figure.bytes().all(|b| b.is_ascii_digit()) && (figure == "0" || !figure.starts_with('0'))
        };
        let figures: Vec<&str> = figures.strip_prefix('v').unwrap_or(figures).split('.').collect();
        let whole = figures.len() == 3 && figures.into_iter().all(is_figure);
        if whole && release.is_none_or(is_word) && build.is_none_or(is_word) { Ok(ChartVersion(text.to_owned())) } else { Err(wrong()) }
    }
}

string! {
    /// The name of a chart in its repository.
    ChartName, "the name of a chart", {
        "type": "string",
        "description": "The name of a Helm chart in its repository.",
        "pattern": "^[A-Za-z0-9]([A-Za-z0-9._-]{0,98}[A-Za-z0-9])?$",
        "examples": ["redis", "kube-prometheus-stack"],
    }
}

impl ChartName {
    fn parse(text: &str) -> Result<Self, Invalid> {
        let is_end = |end: Option<&u8>| end.is_some_and(u8::is_ascii_alphanumeric);
        let (bytes, is_inside) = (text.as_bytes(), |b: u8| b.is_ascii_alphanumeric() || b"._-".contains(&b));
        if bytes.len() > 100 || !is_end(bytes.first()) || !is_end(bytes.last()) || !text.bytes().all(is_inside) {
            let rule = "write letters, digits, `.`, `_` and `-`, such as `redis`; the address of the repository is a key of its own";
            return Err(Invalid::not(text, "the name of a chart", rule));
        }
        Ok(ChartName(text.to_owned()))
    }
}

string! {
    /// The address of a repository of charts: `oci://HOST/PATH`, or `https://HOST/PATH` with an index.
    ChartRepository, "the address of a repository of charts, such as `oci://registry.example/charts`", {
        "type": "string",
        "description": "The address of a repository of Helm charts: `oci://`, or `https://` with an index.",
        "pattern": "^(oci|https)://[A-Za-z0-9.:-]+(/[A-Za-z0-9._~-]+)*/?$",
        "examples": ["oci://registry.example/charts", "https://charts.example"],
    }
}

impl ChartRepository {
    fn parse(text: &str) -> Result<Self, Invalid> {
        let rule = "write `oci://registry.example/charts`, or `https://charts.example` for one with an index";
        let Some((scheme, rest)) = text.split_once("://").filter(|(scheme, _)| ["oci", "https"].contains(scheme)) else {
            // The text may hold a password.
            let shown = if text.contains('@') { "this".to_owned() } else { quote(text) };
            return Err(Invalid::new(format!("{shown} is not the address of a repository of charts: {rule}")));
        };
        if rest.contains('@') {
            return Err(Invalid::new(
                "the address of a repository can't contain a user and a password: sign in with `helm registry login`",
            ));
        }
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        let (authority, path) = rest.split_once('/').map_or((rest, None), |(authority, path)| (authority, Some(path)));
        let (host, port) = authority.split_once(':').map_or((authority, None), |(host, port)| (host, Some(port)));
        let is_part = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"._~-".contains(&b));
        let is_host = host.bytes().all(|b| b.is_ascii_alphanumeric() || b".-".contains(&b)) && host.parse::<HostAddress>().is_ok();
        let is_port = port.is_none_or(|port| port.parse::<Port>().is_ok());
        if !is_host || !is_port || !path.is_none_or(|path| path.split('/').all(is_part)) {
            return Err(Invalid::not(text, "the address of a repository of charts", rule));
        }
        Ok(ChartRepository(format!("{scheme}://{rest}")))
    }
}

string! {
    /// The SHA-256 of a chart's archive, such as `sha256:` and 64 hexadecimal digits.
    ChartDigest, "the SHA-256 of a chart's archive, such as `sha256:` and 64 hexadecimal digits", {
        "type": "string",
        "description": "The SHA-256 of the archive of a Helm chart.",
        "pattern": "^sha256:[0-9a-f]{64}$",
        "examples": ["sha256:c27101f3f3e2349fb4a9e704316105bf7b52ad73b8c8257d3498ef7f2f6a4adc"],
    }
}

/// What a digest begins with.
const SHA256: &str = "sha256:";

impl ChartDigest {
    fn parse(text: &str) -> Result<Self, Invalid> {
        let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        match text.strip_prefix(SHA256) {
            Some(digits) if digits.len() == 64 && digits.bytes().all(is_digit) => Ok(ChartDigest(text.to_owned())),
            _ => {
                let rule = "write `sha256:` and 64 digits, as `sha256sum` prints them for the file that `helm pull` fetches";
                Err(Invalid::not(text, "the SHA-256 of a chart's archive", rule))
            }
        }
    }

    /// The digits alone.
    pub fn digits(&self) -> &str {
        self.0.trim_start_matches(SHA256)
    }
}

/// Where the definitions of a chart's kinds are.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Definitions {
    /// It defines none that the platform uses.
    None,
    /// In its folder `crds`, and nothing of the platform uses them.
    Unused,
    /// Among its templates: helm applies and upgrades them.
    Within,
    /// In its folder `crds`: helm makes them once and never changes them.
    Beside,
    /// In a chart of their own.
    Apart,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::schema_laws::agree;

    #[test]
    fn charts_agree_with_their_schema() {
        agree::<ChartVersion>(
            &["1.2.3", "v1.21.1", "0.1.0-rc.1", "1.0.0+7"],
            &["", "1.2", "^1.2.3", "1.2.x", ">=1.0.0", "latest", "01.2.3"],
            &[],
        );
        let digits = "0123456789abcdef".repeat(4);
        agree::<ChartDigest>(
            &[&format!("sha256:{digits}")],
            &[
                "",
                &digits,
                "sha256:",
                &format!("sha256:{}", digits.to_uppercase()),
                &format!("sha256:{digits}0"),
                &format!("sha512:{digits}"),
            ],
            &[],
        );
        agree::<ChartName>(&["redis", "kube-prometheus-stack", "a.b_c"], &["", "-a", "a b", "a/b", "a;b"], &[]);
        agree::<ChartRepository>(
            &["oci://registry.example/charts", "https://charts.example", "https://charts.example:8443/a/b"],
            &[
                "",
                "charts.example",
                "http://charts.example",
                "https://a@b.example",
                "oci://a.example/b c",
                "https://a.example?q",
                "git+https://a.example/b",
            ],
            &["https://-", "https://a.example:0/b"],
        );
    }
}
