//! Settings that differ between environments: services with private endpoints, retention of logs, the firewall of DNS.

use super::super::Finding;
use super::Root;
use platgen::model::DnsFirewall;
use serde_json::{Value, json};

pub(super) fn judge(root: &Root, found: &mut Vec<Finding>) {
    let network = root.network;
    let mut services: Vec<&str> = network.endpoint_services.iter().map(|service| service.name).collect();
    services.sort_unstable();
    let (file, has) = root.local("interface_endpoints");
    root.expect(found, "wrong-endpoints", ("local.interface_endpoints", file), has, &json!(services));

    for name in ["flow_logs", "dns_queries"] {
        let labels = ["aws_cloudwatch_log_group", name];
        let (file, kept) =
            root.blocks("resource", &labels).next().map_or(("", &Value::Null), |(file, block)| (file, block.get("retention_in_days")));
        root.expect(found, "wrong-retention", (&labels.join("."), file), kept, &json!(network.flow_log_days));
    }

    // Made-up names of log groups are the same in a test of the root, so that the text is asked.
    let labels = ["aws_route53_resolver_query_log_config", "this"];
    let (file, goes) =
        root.blocks("resource", &labels).next().map_or(("", &Value::Null), |(file, block)| (file, block.get("destination_arn")));
    root.expect(found, "wrong-log-group", (&labels.join("."), file), goes, &json!("${aws_cloudwatch_log_group.dns_queries.arn}"));

    let labels = ["aws_route53_resolver_firewall_rule", "this"];
    let rule = root.blocks("resource", &labels).next();
    let (file, has) = rule.map_or(("", Value::Null), |(file, block)| (file, json!([block.get("action"), block.get("block_response")])));
    let wanted = match network.dns_firewall {
        DnsFirewall::Block => json!(["BLOCK", "NXDOMAIN"]),
        DnsFirewall::Alert => json!(["ALERT", null]),
        DnsFirewall::None => Value::Null,
    };
    root.expect(found, "wrong-dns-firewall", (&labels.join("."), file), &has, &wanted);
}
