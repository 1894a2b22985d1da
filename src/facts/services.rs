//! The AWS services with private endpoints in a network, and the host names that resolve to the endpoints there.
//!
//! Source: "AWS services that integrate with AWS PrivateLink" and the private DNS names that `aws ec2 describe-vpc-endpoint-services` prints.

/// A service with an interface endpoint.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Service {
    /// The last part of its endpoint service's name.
    pub name: &'static str,
    /// The private DNS name, with `REGION` for the region; `*.` stands for one label.
    host: &'static str,
    /// Whether a node does not start without it.
    pub needed: bool,
}

/// The services that nodes and add-ons call, sorted by name. Those of the Session Manager are not among them: nodes have no right to use it.
pub const SERVICES: [Service; 11] = [
    service("autoscaling", "autoscaling.REGION.amazonaws.com", false),
    service("ec2", "ec2.REGION.amazonaws.com", true),
    service("ecr.api", "api.ecr.REGION.amazonaws.com", true),
    service("ecr.dkr", "*.dkr.ecr.REGION.amazonaws.com", true),
    service("eks", "eks.REGION.amazonaws.com", true),
    service("eks-auth", "eks-auth.REGION.api.aws", true),
    service("elasticloadbalancing", "elasticloadbalancing.REGION.amazonaws.com", false),
    service("kms", "kms.REGION.amazonaws.com", false),
    service("logs", "logs.REGION.amazonaws.com", false),
    service("secretsmanager", "secretsmanager.REGION.amazonaws.com", false),
    service("sts", "sts.REGION.amazonaws.com", true),
];

const fn service(name: &'static str, host: &'static str, needed: bool) -> Service {
    Service { name, host, needed }
}

impl Service {
    /// The host name that resolves to its endpoint in a network of the region; `*.` stands for one label.
    pub fn host(&self, region: &str) -> String {
        self.host.replace("REGION", region)
    }
}

/// Whether the host is S3, a bucket there, or DynamoDB in the region. The endpoints of these are routes: the addresses stay public, and subnets without a
/// route to the internet reach them.
pub fn has_gateway_endpoint(host: &str, region: &str) -> bool {
    let is_bucket = |start: &str| start.is_empty() || start.ends_with('.');
    host.strip_suffix(&format!("s3.{region}.amazonaws.com")).is_some_and(is_bucket) || host == format!("dynamodb.{region}.amazonaws.com")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_those_of_the_region() {
        let hosts: Vec<String> = SERVICES.iter().map(|service| service.host("eu-west-1")).collect();
        assert!(
            hosts.contains(&"kms.eu-west-1.amazonaws.com".to_owned()) && hosts.iter().all(|host| host.contains(".eu-west-1.")),
            "{hosts:?}"
        );
        assert!(has_gateway_endpoint("s3.eu-west-1.amazonaws.com", "eu-west-1"));
        assert!(has_gateway_endpoint("images.s3.eu-west-1.amazonaws.com", "eu-west-1"));
        assert!(!has_gateway_endpoint("images3.eu-west-1.amazonaws.com", "eu-west-1"));
        assert!(has_gateway_endpoint("dynamodb.eu-west-1.amazonaws.com", "eu-west-1"));
        assert!(!has_gateway_endpoint("dynamodb.eu-central-1.amazonaws.com", "eu-west-1"));
        assert!(!has_gateway_endpoint("s3.eu-central-1.amazonaws.com", "eu-west-1"));
    }

    #[test]
    fn services_are_sorted() {
        assert!(SERVICES.is_sorted_by_key(|service| service.name));
    }
}
