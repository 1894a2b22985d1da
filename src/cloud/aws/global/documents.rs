//! What people read beside a global root: its README, and what no API of AWS sets in an account.

use std::fmt::Write;

use crate::model::Platform;

/// The README's own part.
pub(super) fn readme(platform: &Platform) -> String {
    let mut text = include_str!("../../../../templates/terraform/aws/global/README.md").to_owned();
    if let Some(zone) = &platform.zone {
        let domain = platform.domain.as_str();
        text.push_str(&include_str!("../../../../templates/terraform/aws/global/zone.md").replace("{domain}", domain));
        match &zone.parent {
            Some(parent) => {
                let _ = write!(
                    text,
                    "`{}` is the zone of the environment `{}`. With the rights of its account {}:\n\n```sh\nparent=$(aws route53 list-hosted-zones-by-name --dns-name {} --query \"HostedZones[?Name=='{}.' && Config.PrivateZone==\\`false\\`].Id\" --output text)\naws route53 change-resource-record-sets --hosted-zone-id \"${{parent:?}}\" --change-batch \"$delegation\"\n```\n",
                    parent.domain, parent.environment, parent.account, parent.domain, parent.domain
                );
            }
            None => text.push_str(
                "No zone of this platform is above it: enter the name servers at the registrar of the domain, or in the zone above it. If Route 53 has\nthat zone, `aws route53 change-resource-record-sets --hosted-zone-id ZONE --change-batch \"$delegation\"` enters them.\n",
            ),
        }
        let _ = write!(text, "\nThis prints the name servers when the world knows them:\n\n```sh\ndig +short NS {domain}\n```\n");
    }
    if platform.leads_account {
        text.push_str("\n## The account\n\nACCOUNT.md lists what Terraform can't do in the account. Go through it after the first apply, and once a year.\n");
    }
    text
}

/// The checklist of an account.
pub(super) fn checklist(platform: &Platform, account: &str, name: &str) -> String {
    let people = if platform.second_factor { include_str!("../../../../templates/terraform/aws/global/people.md") } else { "" };
    let text = include_str!("../../../../templates/terraform/aws/global/ACCOUNT.md").replace("{people}", people);
    text.replace("{account}", account).replace("{owner}", platform.owner.as_str()).replace("{name}", name)
}
