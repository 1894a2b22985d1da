//! What the pages of the output tell people: in which order to apply the roots, and what has to exist before.

use regex::Regex;

use super::roots::Platform;

/// The part of a page below a heading of the second level.
fn section<'p>(page: &'p str, heading: &str) -> &'p str {
    let rest = page.split_once(&format!("\n## {heading}\n")).map_or("", |(_, rest)| rest);
    rest.split("\n## ").next().unwrap_or_default()
}

/// Everything that a pattern finds in a text: its groups.
fn all<'t, const N: usize>(pattern: &str, text: &'t str) -> Result<Vec<[&'t str; N]>, String> {
    let pattern = Regex::new(pattern).map_err(|error| error.to_string())?;
    Ok(pattern.captures_iter(text).map(|found| found.extract::<N>().1).collect())
}

/// Environments and regions, in the order of the table in the README of the output.
pub fn regions(platform: &Platform) -> Result<Vec<(String, String)>, String> {
    let rows = all::<2>(r"(?m)^\|.*\| \[kubernetes/([^/\]]+)/([^/\]]+)/README\.md\]", platform.page("README.md")?)?;
    Ok(rows.into_iter().map(|row| (row[0].to_owned(), row[1].to_owned())).collect())
}

/// The page of a region.
pub fn region<'p>(platform: &'p Platform, environment: &str, region: &str) -> Result<&'p str, String> {
    platform.page(&format!("kubernetes/{environment}/{region}/README.md"))
}

/// The roots in the order in which somebody applies them who follows the pages line by line: region after region, in each the roots of "once per
/// environment" and then those of the commands. Nobody applies a root twice.
pub fn order(platform: &Platform) -> Result<Vec<String>, String> {
    let mut roots: Vec<String> = Vec::new();
    for (environment, name) in regions(platform)? {
        let apply = section(region(platform, &environment, &name)?, "Apply");
        let lines = all::<1>(r"(?m)^(?:- \[`|terraform -chdir=)(terraform/[^` ]+?)(?:/README\.md`\]| apply )", apply)?;
        for [root] in lines {
            if !roots.iter().any(|known| known == root) {
                roots.push(root.to_owned());
            }
        }
    }
    Ok(roots)
}

/// The roots of more or less than one region, in the order of the README of the output.
pub fn listed(platform: &Platform) -> Result<Vec<String>, String> {
    let rows = all::<1>(r"(?m)^- \[`(terraform/[^`]+)/README\.md`\]", section(platform.page("README.md")?, "Apply"))?;
    Ok(rows.into_iter().map(|[root]| root.to_owned()).collect())
}

/// The permission sets that a region asks for: account and name.
pub fn permission_sets(page: &str) -> Result<Vec<(String, String)>, String> {
    let found = all::<2>(r"in the account (\d{12}) the permission sets? (.+?) of IAM Identity Center", section(page, "What has to exist"))?;
    let named = |[account, names]: [&str; 2]| -> Vec<(String, String)> {
        names.split('`').skip(1).step_by(2).map(|name| (account.to_owned(), name.to_owned())).collect()
    };
    Ok(found.into_iter().flat_map(named).collect())
}

/// The secrets that a region asks for: account, region and name.
pub fn secrets(page: &str) -> Result<Vec<[String; 3]>, String> {
    let below = section(page, "What has to exist");
    let Some([region, account]) = all::<2>(r"In AWS Secrets Manager of (\S+), in the account (\d{12})", below)?.pop() else {
        return Ok(Vec::new());
    };
    let rows =
        all::<1>(r"(?m)^\| `([^`]+)` \| .+ \| `", below.split("\n### ").find(|part| part.starts_with("Secrets\n")).unwrap_or_default())?;
    Ok(rows.into_iter().map(|[name]| [account, region, name].map(str::to_owned)).collect())
}

/// The zone that has to name the servers of a global root's zone: its domain and account.
pub fn parent(page: &str) -> Result<Option<(String, String)>, String> {
    let found = all::<2>(
        r"With the rights of its account (\d{12}):\s+```sh\s+parent=\$\(aws route53 list-hosted-zones-by-name --dns-name (\S+) ",
        section(page, "Delegate the domain"),
    )?;
    Ok(found.into_iter().next().map(|[account, domain]| (domain.to_owned(), account.to_owned())))
}

/// Whether a page tells how the very first apply keeps its state: on the disk, until the bucket exists.
pub fn first_apply(page: &str) -> bool {
    let steps =
        ["backend \"local\" {}", "> backend_override.tf", "apply bootstrap.tfplan", "rm backend_override.tf", "init -migrate-state"];
    let places: Vec<Option<usize>> = steps.iter().map(|step| section(page, "The first apply").find(step)).collect();
    places.iter().all(Option::is_some) && places.is_sorted()
}
