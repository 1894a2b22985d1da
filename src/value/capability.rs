//! Linux capabilities.

use super::Invalid;

/// The capabilities that the Pod Security Standard `baseline` allows (Kubernetes documentation, "Pod Security Standards").
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

/// The capabilities beyond [`BASELINE`] (capabilities(7)), and `ALL`, Kubernetes' name for every capability.
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

string! {
    /// A Linux capability in the spelling of Kubernetes: capitals, without the prefix `CAP_`.
    Capability, "a Linux capability such as `NET_BIND_SERVICE`", {
        "type": "string",
        "description": "A Linux capability, in capitals, without the prefix `CAP_`.",
        "pattern": "^[A-Z]+(_[A-Z]+)*$",
        "examples": ["NET_BIND_SERVICE"],
    }
}

impl Capability {
    /// Whether the Pod Security Standard `restricted` allows the capability.
    pub fn in_restricted(&self) -> bool {
        self.0 == "NET_BIND_SERVICE"
    }

    /// Whether the Pod Security Standard `baseline` allows the capability.
    pub fn in_baseline(&self) -> bool {
        BASELINE.contains(&self.0.as_str())
    }

    fn parse(text: &str) -> Result<Self, Invalid> {
        let known = |name: &str| BASELINE.contains(&name) || STRONG.contains(&name);
        if known(text) {
            return Ok(Capability(text.to_owned()));
        }
        let upper = text.to_ascii_uppercase();
        let bare = upper.strip_prefix("CAP_").unwrap_or(&upper);
        let rule = if known(bare) { format!("write `{bare}`") } else { "write one in capitals, such as `NET_BIND_SERVICE`".to_owned() };
        Err(Invalid::not(text, "a Linux capability", rule))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::schema_laws::agree;

    #[test]
    fn only_what_linux_has() {
        agree::<Capability>(&["NET_BIND_SERVICE", "ALL", "SYS_ADMIN"], &["", "chown", "NET-ADMIN", "_"], &["CAP_CHOWN", "ROOT"]);
        let fault = "cap_chown".parse::<Capability>().unwrap_err();
        assert_eq!(fault.message, "`cap_chown` is not a Linux capability: write `CHOWN`");
    }
}
