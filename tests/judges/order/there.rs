//! What exists before the first root, and what others make after the last one. Both lists are exact: an entry that no spec needs is a fault.
//!
//! `{account}`, `{region}` and `{environment}` stand for those of a root, `{namespace}` for any name.

use std::collections::BTreeSet;

use serde_json::json;

use super::pages;
use super::roots::{Platform, Root};
use crate::judges::states::Resource;

/// What every account of AWS has.
pub const GIVEN: [&str; 10] = [
    "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy",
    "arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryPullOnly",
    "arn:aws:iam::aws:policy/AmazonEKSClusterPolicy",
    "arn:aws:iam::aws:policy/AmazonEKSWorkerNodePolicy",
    "arn:aws:iam::aws:policy/AmazonEKS_CNI_Policy",
    "arn:aws:iam::aws:policy/service-role/AWSBackupServiceRolePolicyForBackup",
    "arn:aws:iam::aws:policy/service-role/AmazonEBSCSIDriverPolicy",
    "arn:aws:iam::{account}:root",
    // The layers of images: buckets of ECR, and of the registry of Kubernetes.
    "arn:aws:s3:::prod-{region}-starport-layer-bucket/*",
    "arn:aws:s3:::prod-registry-k8s-io-{region}/*",
];

/// Data sources that are answered in every account.
pub const ANSWERED: [(&str, &str); 6] = [
    ("aws_autoscaling_groups", "an empty list is an answer: EKS makes the groups with the node groups"),
    ("aws_availability_zones", "each region has them"),
    ("aws_caller_identity", "whoever runs Terraform"),
    ("aws_default_tags", "the provider's own configuration"),
    ("aws_ec2_instance_type_offerings", "each zone offers machines"),
    ("aws_iam_session_context", "whoever runs Terraform"),
];

/// Data sources that read what a list of the same root has found, once for each: kind, its argument, kind of the list, its answer.
pub const LISTED: [[&str; 4]; 2] =
    [["aws_autoscaling_group", "name", "aws_autoscaling_groups", "names"], ["aws_iam_role", "name", "aws_iam_roles", "names"]];

/// Places where AWS takes the name of something that does not exist yet: it compares the text with that of a request.
pub const COMPARED: [&str; 2] = ["/Condition/", "/Resource"];

/// What is made after the roots by others: its text where it is named, and the words by which the pages of the region ask people for its maker.
pub const LATER: [(&str, Option<&str>); 10] = [
    // EKS, with the first node group.
    ("arn:aws:autoscaling:{region}:{account}:autoScalingGroup:*:autoScalingGroupName/eks-*", None),
    ("arn:aws:iam::{account}:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling", None),
    ("arn:aws:iam::{account}:role/aws-service-role/elasticloadbalancing.amazonaws.com/*", Some("aws-load-balancer-controller")),
    ("arn:aws:elasticloadbalancing:{region}:{account}:*", Some("aws-load-balancer-controller")),
    ("arn:aws:elasticloadbalancing:{region}:{account}:listener/net/*", Some("aws-load-balancer-controller")),
    ("arn:aws:elasticloadbalancing:{region}:{account}:loadbalancer/net/*", Some("aws-load-balancer-controller")),
    ("arn:aws:elasticloadbalancing:{region}:{account}:targetgroup/*", Some("aws-load-balancer-controller")),
    // Route 53, with each change of a record.
    ("arn:aws:route53:::change/*", Some("cert-manager")),
    // RDS, with each database: the password of its administrator.
    ("arn:aws:secretsmanager:{region}:{account}:secret:rds!db-*", None),
    // People, for entries of a namespace that have none yet.
    ("arn:aws:secretsmanager:{region}:{account}:secret:{environment}/{namespace}/*", None),
];

/// The ARN of what a resource makes: of its type, with its attributes in braces.
const ARNS: [(&str, &str); 15] = [
    ("aws_backup_vault", "arn:aws:backup:{region}:{account}:backup-vault:{name}"),
    ("aws_cloudwatch_log_group", "arn:aws:logs:{region}:{account}:log-group:{name}"),
    ("aws_db_instance", "arn:aws:rds:{region}:{account}:db:{identifier}"),
    ("aws_ecr_repository", "arn:aws:ecr:{region}:{account}:repository/{name}"),
    ("aws_eks_cluster", "arn:aws:eks:{region}:{account}:cluster/{name}"),
    ("aws_eks_node_group", "arn:aws:eks:{region}:{account}:nodegroup/{cluster_name}/{node_group_name}/{id}"),
    ("aws_flow_log", "arn:aws:ec2:{region}:{account}:vpc-flow-log/{id}"),
    ("aws_iam_policy", "arn:aws:iam::{account}:policy/{name}"),
    ("aws_iam_role", "arn:aws:iam::{account}:role{path}{name}"),
    ("aws_kms_alias", "arn:aws:kms:{region}:{account}:{name}"),
    ("aws_kms_key", "arn:aws:kms:{region}:{account}:key/{key_id}"),
    ("aws_route53_zone", "arn:aws:route53:::hostedzone/{zone_id}"),
    ("aws_s3_bucket", "arn:aws:s3:::{bucket}"),
    ("aws_secretsmanager_secret", "arn:aws:secretsmanager:{region}:{account}:secret:{name}-000000"),
    ("aws_security_group", "arn:aws:ec2:{region}:{account}:security-group/{id}"),
];

/// Whether a text is that of a list above, for a root.
pub fn is(text: &str, pattern: &str, root: &Root) -> bool {
    let region = root.regions.first().map_or(root.backend.region.as_str(), String::as_str);
    let filled = pattern.replace("{account}", root.account()).replace("{region}", region).replace("{environment}", &root.environment);
    let Some((before, after)) = filled.split_once("{namespace}") else { return text == filled };
    let name = text.strip_prefix(before).and_then(|rest| rest.strip_suffix(after));
    name.is_some_and(|name| name.chars().all(|one| one == '-' || one.is_ascii_lowercase() || one.is_ascii_digit()))
}

/// The ARN of a resource in an account; none for types that nobody names by ARN.
pub fn arn(one: &Resource, account: &str) -> Option<String> {
    let (_, pattern) = ARNS.iter().find(|(kind, _)| *kind == one.kind)?;
    let mut arn = pattern.replace("{account}", account);
    for key in ["bucket", "cluster_name", "id", "identifier", "key_id", "name", "node_group_name", "path", "region", "zone_id"] {
        let value = one.text(key);
        // A path that nobody gave.
        let value = if key == "path" && !value.starts_with('/') { "/" } else { &value };
        arn = arn.replace(&format!("{{{key}}}"), value);
    }
    Some(arn)
}

/// What the pages ask people for before the first root, as resources of roots that are called like the accounts: the roles of permission sets, and secrets.
pub fn asked(platform: &Platform) -> Result<Vec<Resource>, String> {
    let mut sets = BTreeSet::new();
    let mut secrets = BTreeSet::new();
    for (environment, region) in pages::regions(platform)? {
        let page = pages::region(platform, &environment, &region)?;
        sets.extend(pages::permission_sets(page)?);
        secrets.extend(pages::secrets(page)?);
    }
    let resource = |account: String, kind: &str, values| Resource {
        root: account,
        address: format!("{kind} of the pages"),
        kind: kind.to_owned(),
        data: false,
        values,
        after: Vec::new(),
        asks: Vec::new(),
    };
    // As Identity Center names them.
    let role = |(account, set): (String, String)| {
        let values = json!({
            "name": format!("AWSReservedSSO_{set}_0123456789abcdef"),
            "path": "/aws-reserved/sso.amazonaws.com/eu-west-1/",
            "tags": {"Name": set},
        });
        resource(account, "aws_iam_role", values)
    };
    let secret =
        |[account, region, name]: [String; 3]| resource(account, "aws_secretsmanager_secret", json!({"name": name, "region": region}));
    Ok(sets.into_iter().map(role).chain(secrets.into_iter().map(secret)).collect())
}
