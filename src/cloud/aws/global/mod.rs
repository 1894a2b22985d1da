//! The global root of an environment: the DNS zone of its domain, and what an account has once.
//!
//! Records are ExternalDNS' own: it makes one per host and region when a load balancer exists. Nothing here reads a region, so that the loss of a
//! region needs no apply. Route 53 and the console have their logs and events in us-east-1, wherever the platform is.

mod documents;
#[cfg(test)]
mod tests;

use serde::Serialize;

use crate::cloud::{Nothing, Root};
use crate::layers::Layer;
use crate::model::Platform;
use crate::template::TemplateError;

/// The templates of this root.
const TEMPLATES: &str = "terraform/aws/global";

/// The view of `locals.tf`: everything that differs between global roots.
#[derive(Serialize)]
struct Locals<'a> {
    name: &'a str,
    account: &'a str,
    domain: Option<&'a str>,
}

/// The view of `kms.tf`.
#[derive(Serialize)]
struct Key {
    protected: bool,
    zone: bool,
    leads: bool,
}

/// The view of `dns.tf`.
#[derive(Serialize)]
struct Dns {
    protected: bool,
    days: u32,
    /// Whether the logs are kept for less than the year that scanners ask for.
    brief: bool,
}

/// The view of the tests: `tests/global.tftest.hcl` for Terraform, `tests/global.tofutest.hcl`, which OpenTofu reads in place of the former.
#[derive(Serialize)]
struct Tests {
    terraform: bool,
    zone: bool,
    leads: bool,
    days: u32,
}

/// The root; none without an account, or where other environments of the account make everything.
pub(super) fn root(platform: &Platform) -> Result<Option<Root>, TemplateError> {
    let (zone, leads, protected) = (platform.zone.is_some(), platform.leads_account, platform.protected);
    let Some((account, _)) = super::home(platform).filter(|_| platform.has_global_root()) else { return Ok(None) };
    let Some(mut root) = super::environmental(Layer::Global, platform)? else { return Ok(None) };
    let name = format!("{}-{}", platform.name, platform.environment);
    let days = platform.regions.values().map(|region| region.cluster.log_days).max().unwrap_or_default();
    root.document(&documents::readme(platform));
    root.print(TEMPLATES, "kms.tf", &Key { protected, zone, leads })?;
    root.print(TEMPLATES, "locals.tf", &Locals { name: &name, account, domain: zone.then_some(platform.domain.as_str()) })?;
    if zone {
        root.print(TEMPLATES, "dns.tf", &Dns { protected, days, brief: days < 365 })?;
        root.print(TEMPLATES, "outputs.tf", &Nothing {})?;
    }
    if leads {
        root.print(TEMPLATES, "account.tf", &Nothing {})?;
        root.print(TEMPLATES, "alarms.tf", &Nothing {})?;
        root.files.insert("ACCOUNT.md".to_owned(), documents::checklist(platform, account, &name));
    }
    for (path, terraform) in [("tests/global.tftest.hcl", true), ("tests/global.tofutest.hcl", false)] {
        root.print(TEMPLATES, path, &Tests { terraform, zone, leads, days })?;
    }
    Ok(Some(root))
}
