//! Kubernetes quantities with exact arithmetic in thousandths.

use std::fmt;
use std::ops::Add;

use super::{Invalid, quote};

/// An amount of CPU, memory or storage. Comparison is by value: `1000m` equals `1`.
///
/// `Display` prints the text that the user wrote, and for a computed quantity the canonical text of Kubernetes.
#[derive(Clone, Debug)]
pub struct Quantity {
    millis: u128,
    family: Family,
    text: String,
}

/// The suffixes of a computed quantity's text.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Family {
    /// m, k, M, G, T, P, E.
    Decimal,
    /// Ki, Mi, Gi, Ti, Pi, Ei.
    Binary,
}

/// The largest value that the Kubernetes API stores exactly, in thousandths.
const MAX_MILLIS: u128 = i64::MAX as u128 * 1000;

/// The suffixes above one, each 1000 (or 1024) times the previous.
const DECIMAL: [&str; 6] = ["k", "M", "G", "T", "P", "E"];
const BINARY: [&str; 6] = ["Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];

/// The pattern of a quantity, without anchors.
pub(super) const PATTERN: &str = "(0|[1-9][0-9]*)([.][0-9]+)?(m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei)?";

text!(Quantity, "a quantity such as `512Mi`", {
    "type": ["number", "string"],
    "description": "A Kubernetes quantity: a number, optionally with the suffix m, k, M, G, T, P, E, Ki, Mi, Gi, Ti, Pi or Ei.",
    "minimum": 0,
    "pattern": format!("^{PATTERN}$"),
    "examples": ["250m", "512Mi", 2],
});

impl Quantity {
    /// A quantity of `millis` thousandths with decimal suffixes: 500 is `500m`, 2000 is `2`.
    pub fn from_millis(millis: u128) -> Self {
        Quantity::computed(millis, Family::Decimal)
    }

    /// A quantity of `bytes` bytes with binary suffixes: 1048576 is `1Mi`.
    pub fn from_bytes(bytes: u64) -> Self {
        Quantity::computed(u128::from(bytes) * 1000, Family::Binary)
    }

    fn computed(millis: u128, family: Family) -> Self {
        Quantity { millis, family, text: canonical(millis, family) }
    }

    /// The value in thousandths of a core or a byte.
    pub fn millis(&self) -> u128 {
        self.millis
    }

    /// The value in whole bytes (or cores), rounded up as Kubernetes does.
    pub fn bytes(&self) -> u64 {
        u64::try_from(self.millis.div_ceil(1000)).unwrap_or(u64::MAX)
    }

    /// The canonical text of the Kubernetes API: no fraction, the largest exact suffix.
    pub fn canonical(&self) -> String {
        canonical(self.millis, self.family)
    }

    /// The product with `factor`: four times `250m` is `1`.
    pub fn times(&self, factor: u32) -> Self {
        Quantity::computed(self.millis.saturating_mul(u128::from(factor)), self.family)
    }

    fn parse(text: &str) -> Result<Self, Invalid> {
        let wrong = || {
            let rule = "write a number and one of the suffixes m, k, M, G, T, Ki, Mi, Gi and Ti, such as `250m` or `512Mi`";
            Invalid::not(text, "a quantity", rule)
        };
        let number_ends = text.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(text.len());
        let (number, suffix) = text.split_at(number_ends);
        let (integer, fraction) = number.split_once('.').unwrap_or((number, "0"));
        if integer.is_empty() || fraction.is_empty() || fraction.contains('.') || (integer.len() > 1 && integer.starts_with('0')) {
            return Err(wrong());
        }
        let (unit, family) = unit(suffix).ok_or_else(wrong)?;
        let fraction = fraction.trim_end_matches('0');
        let too_large = || Invalid::new(format!("{} is too large: a quantity has to be below `8Ei`", quote(text)));
        let too_fine = || Invalid::new(format!("{} is too precise: the smallest step of a quantity is a thousandth, `1m`", quote(text)));
        // The bounds keep the arithmetic within 128 bits.
        if integer.len() > 22 {
            return Err(too_large());
        }
        if fraction.len() > 15 {
            return Err(too_fine());
        }
        let scale = 10_u128.pow(fraction.len() as u32);
        let digits: u128 = format!("{integer}{fraction}").parse().map_err(|_| too_large())?;
        let scaled = digits.checked_mul(unit).ok_or_else(too_large)?;
        if !scaled.is_multiple_of(scale) {
            return Err(too_fine());
        }
        let millis = scaled / scale;
        if millis > MAX_MILLIS {
            return Err(too_large());
        }
        Ok(Quantity { millis, family, text: text.to_owned() })
    }
}

fn canonical(millis: u128, family: Family) -> String {
    if !millis.is_multiple_of(1000) {
        return format!("{millis}m");
    }
    let (step, suffixes) = match family {
        Family::Decimal => (1000, DECIMAL),
        Family::Binary => (1024, BINARY),
    };
    let (mut value, mut suffix) = (millis / 1000, "");
    for next in suffixes {
        if value == 0 || !value.is_multiple_of(step) {
            break;
        }
        (value, suffix) = (value / step, next);
    }
    format!("{value}{suffix}")
}

/// The thousandths in one unit of this suffix.
fn unit(suffix: &str) -> Option<(u128, Family)> {
    if suffix == "m" {
        return Some((1, Family::Decimal));
    }
    if suffix.is_empty() {
        return Some((1000, Family::Decimal));
    }
    let power = |suffixes: [&str; 6]| suffixes.iter().position(|known| *known == suffix).map(|at| at as u32 + 1);
    let decimal = power(DECIMAL).map(|power| (1000 * 1000_u128.pow(power), Family::Decimal));
    decimal.or_else(|| power(BINARY).map(|power| (1000 * 1024_u128.pow(power), Family::Binary)))
}

impl Add<&Quantity> for &Quantity {
    type Output = Quantity;

    /// The sum, with binary suffixes if one of the quantities has them.
    fn add(self, other: &Quantity) -> Quantity {
        let family = if self.family == Family::Binary { Family::Binary } else { other.family };
        Quantity::computed(self.millis.saturating_add(other.millis), family)
    }
}

impl std::iter::Sum for Quantity {
    fn sum<I: Iterator<Item = Quantity>>(amounts: I) -> Quantity {
        amounts.fold(Quantity::from_millis(0), |sum, amount| &sum + &amount)
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

compared_by!(Quantity, millis);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::schema_laws::agree;

    fn quantity(text: &str) -> Quantity {
        text.parse().unwrap()
    }

    #[test]
    fn quantities_agree_with_their_schema() {
        let bad = ["", "m", "512Mib", "512mi", "-1", "1e3", "0755", "1.", ".5", "1.2.3", "1 Gi", "½"];
        agree::<Quantity>(&["0", "2", "250m", "0.5", "1.5Gi", "512Mi", "100M", "7Ei"], &bad, &["9Ei", "0.0001", "0.5m", &"9".repeat(300)]);
    }

    #[test]
    fn value_decides_and_text_is_kept() {
        assert_eq!(quantity("1000m"), quantity("1"));
        assert_eq!(quantity("1Gi"), quantity("1024Mi"));
        assert!(quantity("1G") < quantity("1Gi"));
        assert_eq!(quantity("0.50").to_string(), "0.50");
        assert_eq!(quantity("0.50").canonical(), "500m");
        assert_eq!(quantity("1.5Gi").canonical(), "1536Mi");
        assert_eq!(quantity("1500m").bytes(), 2);
    }

    #[test]
    fn arithmetic_prints_canonically() {
        assert_eq!(quantity("100m").times(4).to_string(), "400m");
        assert_eq!(quantity("250m").times(4).to_string(), "1");
        assert_eq!((&quantity("512Mi") + &quantity("512Mi")).to_string(), "1Gi");
        assert_eq!(Quantity::from_bytes(3 << 20).to_string(), "3Mi");
        assert_eq!([quantity("1"), quantity("200m")].into_iter().sum::<Quantity>().to_string(), "1200m");
    }
}
