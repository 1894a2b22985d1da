//! What the service accounts of add-ons ask of AWS: the calls in the documentation of each controller, and calls that they must not make.
//! Resources are below `arn:aws:`; `REGION` and `ACCOUNT` stand for those of the root, `CLUSTER` for the cluster's name.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::iam::{Request, allows};

/// A kind of request: the identity, actions of one service, a resource, the context, and whether the policy has to allow it.
type Row = (&'static str, &'static str, &'static [&'static str], &'static str, &'static [(&'static str, &'static str)], bool);

const OWN: (&str, &str) = ("aws:ResourceTag/elbv2.k8s.aws/cluster", "CLUSTER");
const OTHER: (&str, &str) = ("aws:ResourceTag/elbv2.k8s.aws/cluster", "other");
const ASKED: (&str, &str) = ("aws:RequestTag/elbv2.k8s.aws/cluster", "CLUSTER");
const FOREIGN: (&str, &str) = ("aws:RequestTag/elbv2.k8s.aws/cluster", "other");
const LINKED: &str = "iam::ACCOUNT:role/aws-service-role/elasticloadbalancing.amazonaws.com/AWSServiceRoleForElasticLoadBalancing";
const GROUP: &str = "ec2:REGION:ACCOUNT:security-group/sg-1";
const BALANCER: &str = "elasticloadbalancing:REGION:ACCOUNT:loadbalancer/net/k8s/1";
const TARGETS: &str = "elasticloadbalancing:REGION:ACCOUNT:targetgroup/k8s/1";
const LISTENER: &str = "elasticloadbalancing:REGION:ACCOUNT:listener/net/k8s/1/1";
const ZONE: &str = "route53:::hostedzone/Z1";
const SCALED: &str = "autoscaling:REGION:ACCOUNT:autoScalingGroup:1:autoScalingGroupName/eks-general-1";
const NAMES: &str = "route53:ChangeResourceRecordSetsNormalizedRecordNames";
const TYPES: &str = "route53:ChangeResourceRecordSetsRecordTypes";

const LOAD_BALANCERS: &str = "load-balancer-controller";

#[rustfmt::skip]
const ROWS: &[Row] = &[
    (LOAD_BALANCERS, "iam", &["CreateServiceLinkedRole"], LINKED, &[("iam:AWSServiceName", "elasticloadbalancing.amazonaws.com")], true),
    (LOAD_BALANCERS, "iam", &["CreateServiceLinkedRole"], LINKED, &[("iam:AWSServiceName", "ec2.amazonaws.com")], false),
    (LOAD_BALANCERS, "ec2", &[
        "DescribeAccountAttributes", "DescribeAddresses", "DescribeAvailabilityZones", "DescribeInstances", "DescribeInternetGateways", "DescribeNetworkInterfaces",
        "DescribeRouteTables", "DescribeSecurityGroups", "DescribeSubnets", "DescribeTags", "DescribeVpcPeeringConnections", "DescribeVpcs", "GetSecurityGroupsForVpc",
    ], "", &[], true),
    (LOAD_BALANCERS, "elasticloadbalancing", &[
        "DescribeListenerAttributes", "DescribeListeners", "DescribeLoadBalancerAttributes", "DescribeLoadBalancers", "DescribeTags", "DescribeTargetGroupAttributes",
        "DescribeTargetGroups", "DescribeTargetHealth",
    ], "", &[], true),
    (LOAD_BALANCERS, "ec2", &["CreateSecurityGroup"], GROUP, &[], true),
    (LOAD_BALANCERS, "ec2", &["CreateTags"], GROUP, &[ASKED, ("ec2:CreateAction", "CreateSecurityGroup")], true),
    (LOAD_BALANCERS, "ec2", &["CreateTags"], GROUP, &[ASKED], false),
    (LOAD_BALANCERS, "ec2", &["CreateTags"], GROUP, &[FOREIGN, ("ec2:CreateAction", "CreateSecurityGroup")], false),
    (LOAD_BALANCERS, "ec2", &["AuthorizeSecurityGroupIngress", "CreateTags", "DeleteSecurityGroup", "DeleteTags", "RevokeSecurityGroupIngress"], GROUP, &[OWN], true),
    (LOAD_BALANCERS, "ec2", &["AuthorizeSecurityGroupIngress", "CreateTags", "DeleteSecurityGroup", "DeleteTags", "RevokeSecurityGroupIngress"], GROUP, &[OTHER], false),
    (LOAD_BALANCERS, "elasticloadbalancing", &["CreateLoadBalancer"], BALANCER, &[ASKED], true),
    (LOAD_BALANCERS, "elasticloadbalancing", &["CreateTargetGroup"], TARGETS, &[ASKED], true),
    (LOAD_BALANCERS, "elasticloadbalancing", &["CreateLoadBalancer"], BALANCER, &[FOREIGN], false),
    (LOAD_BALANCERS, "elasticloadbalancing", &["AddTags"], BALANCER, &[ASKED, ("elasticloadbalancing:CreateAction", "CreateLoadBalancer")], true),
    (LOAD_BALANCERS, "elasticloadbalancing", &["AddTags"], LISTENER, &[ASKED, ("elasticloadbalancing:CreateAction", "CreateListener")], true),
    (LOAD_BALANCERS, "elasticloadbalancing", &["AddTags"], TARGETS, &[ASKED, ("elasticloadbalancing:CreateAction", "CreateTargetGroup")], true),
    (LOAD_BALANCERS, "elasticloadbalancing", &["AddTags"], BALANCER, &[ASKED], false),
    (LOAD_BALANCERS, "elasticloadbalancing", &["AddTags"], BALANCER, &[FOREIGN, ("elasticloadbalancing:CreateAction", "CreateLoadBalancer")], false),
    (LOAD_BALANCERS, "elasticloadbalancing", &[
        "AddTags", "CreateListener", "DeleteLoadBalancer", "ModifyLoadBalancerAttributes", "RemoveTags", "SetIpAddressType", "SetSecurityGroups", "SetSubnets",
    ], BALANCER, &[OWN], true),
    (LOAD_BALANCERS, "elasticloadbalancing", &[
        "AddTags", "DeleteTargetGroup", "DeregisterTargets", "ModifyTargetGroup", "ModifyTargetGroupAttributes", "RegisterTargets", "RemoveTags",
    ], TARGETS, &[OWN], true),
    (LOAD_BALANCERS, "elasticloadbalancing", &["DeleteListener", "ModifyListener", "ModifyListenerAttributes"], LISTENER, &[OWN], true),
    (LOAD_BALANCERS, "elasticloadbalancing", &["CreateListener", "DeleteLoadBalancer", "SetSecurityGroups"], BALANCER, &[OTHER], false),
    (LOAD_BALANCERS, "elasticloadbalancing", &["DeleteTargetGroup", "RegisterTargets"], TARGETS, &[OTHER], false),
    ("external-dns", "route53", &["ChangeResourceRecordSets"], ZONE, &[(NAMES, "DOMAIN"), (TYPES, "A"), (NAMES, "extdns-a.DOMAIN"), (TYPES, "TXT")], true),
    ("external-dns", "route53", &["ChangeResourceRecordSets"], ZONE, &[(NAMES, "www.DOMAIN"), (TYPES, "AAAA"), (NAMES, "extdns-cname.www.DOMAIN")], true),
    ("external-dns", "route53", &["ChangeResourceRecordSets"], ZONE, &[(NAMES, "DOMAIN"), (TYPES, "NS")], false),
    ("external-dns", "route53", &["ChangeResourceRecordSets"], ZONE, &[(NAMES, "www.DOMAIN"), (NAMES, "www.other.example")], false),
    ("external-dns", "route53", &["ListResourceRecordSets", "ListTagsForResources"], ZONE, &[], true),
    ("external-dns", "route53", &["ListHostedZones"], "", &[], true),
    ("external-dns", "route53", &["CreateHostedZone", "DeleteHostedZone"], ZONE, &[], false),
    ("cert-manager", "route53", &["ChangeResourceRecordSets"], ZONE, &[(NAMES, "_acme-challenge.DOMAIN"), (TYPES, "TXT")], true),
    ("cert-manager", "route53", &["ChangeResourceRecordSets"], ZONE, &[(NAMES, "_acme-challenge.www.DOMAIN"), (TYPES, "TXT")], true),
    ("cert-manager", "route53", &["ChangeResourceRecordSets"], ZONE, &[(NAMES, "_acme-challenge.www.DOMAIN"), (TYPES, "A")], false),
    ("cert-manager", "route53", &["ChangeResourceRecordSets"], ZONE, &[(NAMES, "www.DOMAIN"), (TYPES, "TXT")], false),
    ("cert-manager", "route53", &["ListResourceRecordSets"], ZONE, &[], true),
    ("cert-manager", "route53", &["GetChange"], "route53:::change/C1", &[], true),
    ("cert-manager", "route53", &["ListHostedZonesByName"], "", &[], true),
    ("cluster-autoscaler", "autoscaling", &["SetDesiredCapacity", "TerminateInstanceInAutoScalingGroup"], SCALED, &[("aws:ResourceTag/k8s.io/cluster-autoscaler/CLUSTER", "owned")], true),
    ("cluster-autoscaler", "autoscaling", &["SetDesiredCapacity", "TerminateInstanceInAutoScalingGroup"], SCALED, &[("aws:ResourceTag/k8s.io/cluster-autoscaler/other", "owned")], false),
    ("cluster-autoscaler", "autoscaling", &[
        "DescribeAutoScalingGroups", "DescribeAutoScalingInstances", "DescribeLaunchConfigurations", "DescribeScalingActivities", "DescribeTags",
    ], "", &[], true),
    ("cluster-autoscaler", "ec2", &["DescribeImages", "DescribeInstanceTypes", "DescribeLaunchTemplateVersions", "GetInstanceTypesFromInstanceRequirements"], "", &[], true),
    ("cluster-autoscaler", "eks", &["DescribeNodegroup"], "eks:REGION:ACCOUNT:nodegroup/CLUSTER/general/1", &[], true),
    ("cluster-autoscaler", "eks", &["DescribeNodegroup"], "eks:REGION:ACCOUNT:nodegroup/other/general/1", &[], false),
];

/// Requests that every policy has to refuse: changes of rights, machines, groups of nodes, objects, and secrets of others.
const REFUSED: [(&str, &str); 7] = [
    ("iam:PassRole", "iam::ACCOUNT:role/any"),
    ("iam:PutRolePolicy", "iam::ACCOUNT:role/any"),
    ("sts:AssumeRole", "iam::ACCOUNT:role/any"),
    ("ec2:RunInstances", "ec2:REGION:ACCOUNT:instance/*"),
    ("ec2:DeleteSecurityGroup", GROUP),
    ("s3:GetObject", "s3:::any/object"),
    ("secretsmanager:GetSecretValue", "secretsmanager:REGION:ACCOUNT:secret:other/shop/web-abcdef"),
];

/// Where a root stands, and the hosts whose records are made: those of the routes in the manifests, without `*.`.
pub struct Place {
    pub region: String,
    pub account: String,
    pub cluster: String,
    pub hosts: BTreeSet<String>,
}

impl Place {
    fn fill(&self, text: &str, host: &str) -> String {
        let words = [("REGION", &self.region[..]), ("ACCOUNT", &self.account), ("CLUSTER", &self.cluster), ("DOMAIN", host)];
        words.iter().fold(text.to_owned(), |text, (word, value)| text.replace(word, value))
    }
}

/// The requests that the policy of an identity answers wrongly; an identity that is not of an add-on has none of its own. Rows about `DOMAIN` are asked
/// for every host.
pub fn wrong(identity: &str, policy: &Value, place: &Place) -> Result<Vec<String>, String> {
    let mut wrong = Vec::new();
    for (action, resource) in REFUSED {
        let resource = format!("arn:aws:{}", place.fill(resource, ""));
        if allows(policy, &Request { action, resource: &resource, context: &[] })? {
            wrong.push(format!("it allows {action} on {resource}"));
        }
    }
    for (_, service, actions, resource, context, wanted) in ROWS.iter().filter(|(of, ..)| *of == identity) {
        let of_host = context.iter().any(|(_, value)| value.contains("DOMAIN"));
        let hosts: Vec<&str> = if of_host { place.hosts.iter().map(String::as_str).collect() } else { vec![""] };
        let resource = if resource.is_empty() { "*".to_owned() } else { format!("arn:aws:{}", place.fill(resource, "")) };
        for (host, action) in hosts.iter().flat_map(|host| actions.iter().map(move |action| (host, format!("{service}:{action}")))) {
            let context: Vec<(String, String)> =
                context.iter().map(|(key, value)| (place.fill(key, host), place.fill(value, host))).collect();
            let context: Vec<(&str, &str)> = context.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
            if allows(policy, &Request { action: &action, resource: &resource, context: &context })? != *wanted {
                let word = if *wanted { "refuses" } else { "allows" };
                wrong.push(format!("it {word} {action} on {resource} with {context:?}"));
            }
        }
    }
    Ok(wrong)
}

/// Each row is asked: a policy without statements fails those that have to be allowed, and one that allows everything fails the others.
pub fn prove() -> Result<(), String> {
    let hosts = ["shop.example", "www.other-shop.example"];
    let place = Place { region: "eu-west-1".into(), account: "1".into(), cluster: "shop".into(), hosts: hosts.map(str::to_owned).into() };
    let all = json!({"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]});
    for identity in ROWS.iter().map(|(of, ..)| *of).collect::<BTreeSet<_>>() {
        for (policy, wanted, always) in [(json!({"Statement": []}), true, 0), (all.clone(), false, REFUSED.len())] {
            let rows = ROWS.iter().filter(|(of, .., answer)| *of == identity && *answer == wanted);
            let asked = rows.map(|(_, _, actions, _, context, _)| {
                actions.len() * if context.iter().any(|(_, value)| value.contains("DOMAIN")) { hosts.len() } else { 1 }
            });
            let (found, asked) = (wrong(identity, &policy, &place)?, always + asked.sum::<usize>());
            if found.len() != asked {
                return Err(format!("{identity}: {} answers of {asked} are wrong: {found:#?}", found.len()));
            }
        }
    }
    Ok(())
}
