//! Capabilities of Linux: parts of what root may do.

use std::str::FromStr;

use super::{Invalid, quote};

/// A capability as Kubernetes writes it: in capitals, without `CAP_` in front.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Capability(String);

/// What the pod security standard `baseline` lets a container add, and nothing else (Kubernetes documentation, "Pod Security Standards").
const BASELINE: [&str; 13] = [
    "AUDIT_WRITE",
    "CHOWN",
    "DAC_OVERRIDE",
    "FOWNER",
    "FSETID",
    "KILL",
    "MKNOD",
    "NET_BIND_SERVICE",
    "SETFCAP",
    "SETGID",
    "SETPCAP",
    "SETUID",
    "SYS_CHROOT",
];

/// What Linux knows beside those of [`BASELINE`] (capabilities(7)), without the `CAP_` in front, and Kubernetes' word for all of them.
const STRONG: [&str; 29] = [
    "ALL",
    "AUDIT_CONTROL",
    "AUDIT_READ",
    "BLOCK_SUSPEND",
    "BPF",
    "CHECKPOINT_RESTORE",
    "DAC_READ_SEARCH",
    "IPC_LOCK",
    "IPC_OWNER",
    "LEASE",
    "LINUX_IMMUTABLE",
    "MAC_ADMIN",
    "MAC_OVERRIDE",
    "NET_ADMIN",
    "NET_BROADCAST",
    "NET_RAW",
    "PERFMON",
    "SYSLOG",
    "SYS_ADMIN",
    "SYS_BOOT",
    "SYS_MODULE",
    "SYS_NICE",
    "SYS_PACCT",
    "SYS_PTRACE",
    "SYS_RAWIO",
    "SYS_RESOURCE",
    "SYS_TIME",
    "SYS_TTY_CONFIG",
    "WAKE_ALARM",
];

string_newtype!(Capability);
text!(Capability, "a capability of Linux such as `NET_BIND_SERVICE`", {
    "type": "string",
    "description": "A capability of Linux, without `CAP_` in front.",
    "pattern": "^[A-Z]+(_[A-Z]+)*$",
    "examples": ["NET_BIND_SERVICE"],
});

impl Capability {
    /// Whether the pod security standard `restricted` lets a container add it.
    pub fn in_restricted(&self) -> bool {
        self.0 == "NET_BIND_SERVICE"
    }

    /// Whether the pod security standard `baseline` does.
    pub fn in_baseline(&self) -> bool {
        BASELINE.contains(&self.0.as_str())
    }
}

impl FromStr for Capability {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let known = |name: &str| BASELINE.contains(&name) || STRONG.contains(&name);
        if known(text) {
            return Ok(Capability(text.to_owned()));
        }
        let upper = text.to_ascii_uppercase();
        let bare = upper.strip_prefix("CAP_").unwrap_or(&upper);
        let rule = if known(bare) { format!("write `{bare}`") } else { "write one in capitals, such as `NET_BIND_SERVICE`".to_owned() };
        Err(Invalid::new(format!("{} is no capability of Linux: {rule}", quote(text))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::agreement::agree;

    #[test]
    fn only_what_linux_has() {
        agree::<Capability>(&["NET_BIND_SERVICE", "ALL", "SYS_ADMIN"], &["", "chown", "NET-ADMIN", "_"], &["CAP_CHOWN", "ROOT"]);
        let fault = "cap_chown".parse::<Capability>().unwrap_err();
        assert_eq!(fault.message, "`cap_chown` is no capability of Linux: write `CHOWN`");
    }
}
