//! Permissions of files.

use std::fmt;

use super::Invalid;

/// Permissions of a file in octal, such as `0555`: read is 4, write 2 and execute 1, for the owner, the group and everybody else.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct FileMode(u16);

text!(FileMode, "permissions in octal such as `0555`", {
    "type": "string",
    "description": "Permissions of a file in octal.",
    "pattern": "^0?[0-7]{3}$",
    "examples": ["0555"],
});

impl FileMode {
    /// The permissions as a number, as Kubernetes takes them.
    pub fn bits(self) -> u16 {
        self.0
    }

    fn parse(text: &str) -> Result<Self, Invalid> {
        let digits = if text.len() == 4 { text.strip_prefix('0') } else { Some(text) };
        let is_octal = |digits: &&str| digits.len() == 3 && digits.bytes().all(|digit| (b'0'..=b'7').contains(&digit));
        let bits = digits.filter(is_octal).and_then(|digits| u16::from_str_radix(digits, 8).ok());
        bits.map(FileMode).ok_or_else(|| Invalid::not(text, "a file mode", "write three octal digits after a 0, such as `0555`".to_owned()))
    }
}

impl fmt::Display for FileMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04o}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::schema_laws::agree;

    #[test]
    fn modes_agree_with_their_schema() {
        agree::<FileMode>(&["0400", "555", "0777", "000"], &["", "40", "0o400", "1777", "0888", "+400", "00400", "rwx"], &[]);
        assert_eq!("0440".parse::<FileMode>().unwrap().bits(), 0o440);
        assert_eq!("555".parse::<FileMode>().unwrap().to_string(), "0555");
    }
}
