//! The keys of ranges: paths of names, so that reordering a list moves no range.
//!
//! | key | range of | inside |
//! |---|---|---|
//! | `ENV/range` | all regions of an environment | the platform's `network.cidr` |
//! | `ENV/REGION/vpc` | the private network of a region | `ENV/range` |
//! | `ENV/REGION/subnet/NAME`, `.../ZONE` | a named subnet, its part in a zone | `vpc`, the subnet |
//! | `ENV/REGION/PURPOSE`, `.../ZONE` | a subnet that the platform itself needs | `vpc`, the purpose |
//! | `ENV/REGION/pods`, `.../PART` | pod addresses, of a zone or of a named subnet | the pod supernet, `pods` |
//! | `ENV/REGION/services` | cluster-internal Service addresses | the service supernets |

use std::fmt;

/// The purpose of a subnet that the platform itself needs. The address plan of each cloud chooses the purposes.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Purpose {
    /// Load balancers that the internet reaches; the only subnets with a route to an internet gateway.
    PublicLoadBalancers,
    /// Load balancers that only the private networks reach.
    InternalLoadBalancers,
    /// Private endpoints of the cloud's services.
    Endpoints,
    /// Attachments of a transit gateway.
    Transit,
    /// The proxies behind Google's regional load balancers.
    ProxyOnly,
    /// Managed data stores with a range of their own (private services access, delegated subnets).
    Managed,
    /// The virtual network gateway. Azure requires the name `GatewaySubnet`.
    Gateway,
    /// The private API server of a cluster.
    ApiServer,
    /// The resolver that answers DNS queries from the premises.
    DnsInbound,
    /// The resolver that forwards DNS queries to the premises.
    DnsOutbound,
}

impl Purpose {
    /// The word in the key.
    pub fn name(self) -> &'static str {
        match self {
            Purpose::PublicLoadBalancers => "lb-public",
            Purpose::InternalLoadBalancers => "lb-internal",
            Purpose::Endpoints => "endpoints",
            Purpose::Transit => "transit",
            Purpose::ProxyOnly => "proxy-only",
            Purpose::Managed => "managed",
            Purpose::Gateway => "gateway",
            Purpose::ApiServer => "api-server",
            Purpose::DnsInbound => "dns-inbound",
            Purpose::DnsOutbound => "dns-outbound",
        }
    }
}

/// The key of a range in the lock. Keys sort byte by byte, as their lines do.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Key(String);

impl Key {
    /// All regions of an environment.
    pub fn environment(environment: &str) -> Key {
        Key(format!("{environment}/range"))
    }

    /// The private network of a region.
    pub fn vpc(environment: &str, region: &str) -> Key {
        Key(format!("{environment}/{region}/vpc"))
    }

    /// A subnet of the spec.
    pub fn subnet(environment: &str, region: &str, name: &str) -> Key {
        Key(format!("{environment}/{region}/subnet/{name}"))
    }

    /// The pod addresses of a region's cluster.
    pub fn pods(environment: &str, region: &str) -> Key {
        Key(format!("{environment}/{region}/pods"))
    }

    /// The Service addresses of a region's cluster.
    pub fn services(environment: &str, region: &str) -> Key {
        Key(format!("{environment}/{region}/services"))
    }

    /// A subnet that the platform itself needs.
    pub fn purpose(environment: &str, region: &str, purpose: Purpose) -> Key {
        Key(format!("{environment}/{region}/{}", purpose.name()))
    }

    /// A part of this range: that of a zone, or in `pods` that of a named subnet.
    pub fn part(&self, name: &str) -> Key {
        Key(format!("{}/{name}", self.0))
    }

    /// Parses a key as the lock prints it; `None` for other texts.
    pub fn parse(text: &str) -> Option<Key> {
        let part = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
        let parts: Vec<&str> = text.split('/').collect();
        let shape = match parts[..] {
            [_, last] => last == "range",
            [_, _, purpose] => purpose != "subnet",
            [_, _, purpose, _] => !matches!(purpose, "vpc" | "services"),
            [_, _, subnet, _, _] => subnet == "subnet",
            _ => false,
        };
        (shape && parts.into_iter().all(part)).then(|| Key(text.to_owned()))
    }

    /// The key as the lock prints it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The environment of the range.
    pub fn environment_name(&self) -> &str {
        self.0.split('/').next().unwrap_or_default()
    }

    /// The region of the range; `None` for the range of an environment.
    pub fn region_name(&self) -> Option<&str> {
        let mut parts = self.0.split('/').skip(1);
        match (parts.next(), parts.next()) {
            (Some(region), Some(_)) => Some(region),
            _ => None,
        }
    }

    /// Whether the key is that of an environment's range.
    pub fn is_environment(&self) -> bool {
        self.region_name().is_none()
    }

    /// The key of the range that contains this range; `None` if that is a supernet of the platform.
    pub fn parent(&self) -> Option<Key> {
        let parts: Vec<&str> = self.0.split('/').collect();
        match parts[..] {
            [environment, _, "vpc"] => Some(Key::environment(environment)),
            [_, _, "pods" | "services"] | [_, _] => None,
            [environment, region, _] | [environment, region, "subnet", _] => Some(Key::vpc(environment, region)),
            _ => self.0.rsplit_once('/').map(|(parent, _)| Key(parent.to_owned())),
        }
    }

    /// The prefix of all keys inside this range. Keys of other ranges may have the prefix too: `pods` is beside the `vpc`, not inside.
    pub fn family(&self) -> String {
        match self.0.strip_suffix("/range").filter(|_| self.is_environment()).or_else(|| self.0.strip_suffix("/vpc")) {
            Some(place) => format!("{place}/"),
            None => format!("{}/", self.0),
        }
    }

    /// Whether the range of `other` is inside this range, at any depth.
    pub fn is_ancestor_of(&self, other: &Key) -> bool {
        std::iter::successors(other.parent(), Key::parent).any(|ancestor| ancestor == *self)
    }
}

impl std::borrow::Borrow<str> for Key {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parents_follow_from_the_shape() {
        let parent = |text: &str| Key::parse(text).unwrap().parent().map(|key| key.to_string());
        assert_eq!(parent("beta/range"), None);
        assert_eq!(parent("beta/eu/pods"), None);
        assert_eq!(parent("beta/eu/services"), None);
        assert_eq!(parent("beta/eu/vpc").as_deref(), Some("beta/range"));
        assert_eq!(parent("beta/eu/transit").as_deref(), Some("beta/eu/vpc"));
        assert_eq!(parent("beta/eu/transit/a").as_deref(), Some("beta/eu/transit"));
        assert_eq!(parent("beta/eu/subnet/data").as_deref(), Some("beta/eu/vpc"));
        assert_eq!(parent("beta/eu/subnet/data/a").as_deref(), Some("beta/eu/subnet/data"));
        assert_eq!(parent("beta/eu/pods/a").as_deref(), Some("beta/eu/pods"));
    }

    #[test]
    fn other_shapes_are_no_keys() {
        for text in ["", "beta", "beta/vpc", "beta/eu/subnet", "beta/eu/vpc/a", "beta//vpc", "beta/eu/x y", "a/b/c/d/e", "a/b/subnet/d/e/f"]
        {
            assert_eq!(Key::parse(text), None, "{text}");
        }
    }
}
