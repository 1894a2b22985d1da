//! Specs of a given size, always the same text for the same size.

use std::fmt::Write;

/// The environments and regions of the largest specs, in order; smaller ones take the first of each.
const ENVIRONMENTS: [&str; 3] = ["dev", "beta", "production"];
const REGIONS: [&str; 2] = ["eu-west-1", "eu-central-1"];

/// Apps per namespace.
pub(crate) const TEAM: usize = 10;

/// A spec of `apps` apps in the first `environments` environments and `regions` regions. Each app has variables, three probes, an autoscaler, a
/// disruption budget, and calls the next one, so that its policy has a rule for each direction.
pub(crate) fn spec(apps: usize, environments: usize, regions: usize) -> String {
    let regions = &REGIONS[..regions];
    let mut text = String::from(
        "apiVersion: platgen/v1\nplatform: {name: shop, owner: sre, domain: shop.example}\ncloud:\n  provider: aws\n  state: {region: eu-west-1}\n  accounts:\n",
    );
    for (number, environment) in ENVIRONMENTS[..environments].iter().enumerate() {
        let _ = writeln!(text, "    {environment}: \"{}\"", (number + 1).to_string().repeat(12));
    }
    text.push_str("regions:\n");
    regions.iter().for_each(|region| _ = writeln!(text, "  {region}: {{zones: 3}}"));
    text.push_str("environments:\n");
    for environment in &ENVIRONMENTS[..environments] {
        let _ = writeln!(text, "  {environment}: {{regions: [{}]}}", regions.join(", "));
    }
    text.push_str("access: {groups: {sre: {id: platform-admin, role: admin}}}\nteams: {sre: {group: sre}}\nnamespaces:\n");
    (0..apps.div_ceil(TEAM)).for_each(|team| _ = writeln!(text, "  team-{team:03}: {{owner: sre}}"));
    text.push_str("profiles:\n  service:\n    protocol: http\n    resources: {cpu: 100m..200m, memory: 64Mi..128Mi}\napps:\n");
    for app in 0..apps {
        let _ = write!(
            text,
            "  app-{app:05}:\n    from: service\n    namespace: team-{:03}\n    image: registry.example/app-{app:05}:v1.{}.{}\n    port: {}\n    \
             probes: {{ready: /ready, live: /live, start: /start}}\n    scale: {{replicas: 2..{}, cpu: 70%}}\n    config:\n      LOG_LEVEL: info\n      \
             TIMEOUT_MS: \"{}\"\n      FEATURE_X: \"true\"\n      PEER: ${{app/app-{:05}.address}}\n",
            app / TEAM,
            app % 40,
            app % 7,
            8080 + app % 7,
            4 + app % 6,
            500 + app % 100,
            (app + 1) % apps
        );
    }
    text
}
