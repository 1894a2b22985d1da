//! `cluster.registry.mirror`: pods on AWS run copies of the images that the spec names, from the registry of their own account and region.
//!
//! Copies and no pull-through cache: AWS sends nodes on to the original registry for the first pull through a cache, and not every class of nodes has a way
//! there.

use super::EnvironmentResolver;
use super::provenance::RecordPath;
use crate::diagnostic::{Code, Diagnostic};
use crate::model::{Container, ImageCopy, Kind, Mirror, Region, Workload};
use crate::provider::Provider;
use crate::value::Image;
use std::collections::BTreeSet;

/// The registry of images that name none.
pub(super) const DEFAULT: &str = "docker.io";

impl EnvironmentResolver<'_> {
    /// The registry of copies of a region, without its copies. `None` unless the spec asks for it and the region is on AWS.
    pub(super) fn mirror(&self, provider: Provider, region: &str, account: Option<&str>) -> Option<Mirror> {
        let wanted = self.spec.cluster.at(|cluster| &cluster.registry).at(|registry| &registry.mirror).is_true();
        let account = account.filter(|_| wanted && provider == Provider::Aws)?;
        let registry = format!("{account}.dkr.ecr.{region}.amazonaws.com");
        self.record(|| (format!("regions.{region}.mirror"), &registry, "cluster.registry.mirror, the account and the region"));
        Some(Mirror { registry, copies: BTreeSet::new() })
    }

    /// Lets the containers of a workload run copies where its region has a registry for them, and returns these copies. An image that is in that registry
    /// already stays as it is.
    pub(super) fn copy_images(&self, workload: &mut Workload, region: &Region, at: &RecordPath) -> Vec<ImageCopy> {
        let (Some(mirror), Some(name)) = (&region.cluster.mirror, self.spec.platform.at(|platform| &platform.name).get()) else {
            return Vec::new();
        };
        let prefix = format!("{name}-{}", self.environment);
        let Workload { main, init, sidecars, kind, .. } = workload;
        let helpers = match kind {
            Kind::Operated(operated) => operated.helper.iter_mut().flat_map(|helper| &mut helper.containers).collect(),
            _ => Vec::new(),
        };
        let main = std::iter::once((at.clone(), main));
        let init = init.iter_mut().map(|one| (at.container("init", &one.name), one));
        let sidecars = sidecars.iter_mut().map(|one| (at.container("sidecars", &one.name), one));
        let helpers = helpers.into_iter().map(|one| (at.container("helpers", &one.name), one));
        let copy = |(at, container): (RecordPath, &mut Container)| {
            let (image, copy) = copy_of(&container.image, mirror, &prefix)?;
            self.record_container(&at, || ("pulled_image", &image, "cluster.registry.mirror and the image of the container"));
            container.image = image;
            Some(copy)
        };
        main.chain(init).chain(sidecars).chain(helpers).filter_map(copy).collect()
    }

    /// The copy of an add-on's image where nodes of a region pull copies.
    pub(super) fn copy_of_addon(&self, image: &str, region: &Region) -> Option<(String, ImageCopy)> {
        let name = self.spec.platform.at(|platform| &platform.name).get()?;
        copy_of(image, region.cluster.mirror.as_ref()?, &format!("{name}-{}", self.environment))
    }

    /// Warns that nodes outside of AWS pull from the registries of the spec.
    pub(super) fn mirror_off_aws(&mut self) {
        let mirror = self.spec.cluster.at(|cluster| &cluster.registry).at(|registry| &registry.mirror);
        if let (true, true, Some(at)) = (mirror.is_true(), self.off_aws(), mirror.span()) {
            let message = "`cluster.registry.mirror` is rendered on AWS alone: other nodes pull from the registries that the spec names";
            self.tell(Diagnostic::new(Code::NotRendered, message).at(at));
        }
    }
}

/// The image that pods run in place of an image of the spec, and the copy behind it. The digest stays the same.
fn copy_of(image: &str, mirror: &Mirror, prefix: &str) -> Option<(String, ImageCopy)> {
    let image: Image = image.parse().ok()?;
    let registry = image.registry().unwrap_or(DEFAULT);
    if registry == mirror.registry {
        return None;
    }
    // Docker Hub has images without a namespace below `library`.
    let official = registry == DEFAULT && !image.repository().contains('/');
    let original = if official { format!("library/{}", image.repository()) } else { image.repository().to_owned() };
    let tag = image.tag().map(|tag| format!(":{tag}")).unwrap_or_default();
    let version = tag.clone() + &image.digest().map(|digest| format!("@{digest}")).unwrap_or_default();
    let repository = ImageCopy::repository_of(prefix, registry, &original);
    let kept = match image.digest() {
        Some(digest) => digest.replace("sha256:", "digest-"),
        None => image.tag()?.to_string(),
    };
    let copy = ImageCopy { tag: kept, source: format!("{registry}/{original}{version}"), repository };
    Some((format!("{}/{}{version}", mirror.registry, copy.repository), copy))
}

/// The image of which another one is the copy. `None` for an image that is no copy.
pub(super) fn original(image: &str, mirror: &Mirror) -> Option<String> {
    let own = image.strip_prefix(&mirror.registry)?.strip_prefix('/')?;
    let of = |copy: &&ImageCopy| {
        let version = own.strip_prefix(copy.repository.as_str()).filter(|version| version.starts_with([':', '@']));
        version.is_some_and(|version| copy.source.ends_with(version))
    };
    mirror.copies.iter().find(of).map(|copy| copy.source.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::estate::estate;

    const REGISTRY: &str = "222222222222.dkr.ecr.eu-west-1.amazonaws.com";

    /// The image of pods, the tag that is kept, and the original.
    fn copied(image: &str) -> Option<(String, String, String)> {
        let mirror = Mirror { registry: REGISTRY.to_owned(), copies: BTreeSet::new() };
        let (image, copy) = copy_of(image, &mirror, "shop-dev")?;
        let image = image.strip_prefix(&format!("{REGISTRY}/")).expect("a copy").to_owned();
        Some((image, copy.tag, copy.source))
    }

    #[test]
    fn tags_and_digests_stay_and_a_digest_has_a_tag_of_its_own() {
        let digest = format!("sha256:{}", "0a".repeat(32));
        let is = |image: &str, parts: [&str; 3]| {
            assert_eq!(copied(image), Some((parts[0].to_owned(), parts[1].to_owned(), parts[2].to_owned())), "{image}");
        };
        is("redis:8.2", ["shop-dev/docker.io/library/redis:8.2", "8.2", "docker.io/library/redis:8.2"]);
        is("docker.io/grafana/loki:3", ["shop-dev/docker.io/grafana/loki:3", "3", "docker.io/grafana/loki:3"]);
        let (pinned, kept) = (format!("a.example/b:v1@{digest}"), format!("digest-{}", "0a".repeat(32)));
        is(&pinned, [&format!("shop-dev/{pinned}"), &kept, &pinned]);
        let bare = format!("a.example/b@{digest}");
        is(&bare, [&format!("shop-dev/{bare}"), &kept, &bare]);
    }

    #[test]
    fn images_of_the_own_registry_stay_and_those_of_other_accounts_and_regions_are_copied() {
        assert_eq!(copied(&format!("{REGISTRY}/web:v1")), None);
        let far = "222222222222.dkr.ecr.eu-central-1.amazonaws.com/web:v1";
        assert_eq!(copied(far).map(|(.., source)| source), Some(far.to_owned()));
        let other = "111111111111.dkr.ecr.eu-west-1.amazonaws.com/web:v1";
        assert_eq!(copied(other).map(|(.., source)| source), Some(other.to_owned()));
    }

    #[test]
    fn every_container_on_aws_runs_a_copy() {
        let estate = estate(
            r#"
apiVersion: platgen/v1
platform: {name: shop, owner: sre, domain: shop.example}
cloud: {provider: aws, accounts: {dev: "222222222222"}, state: {region: eu-west-1}}
regions: {eu-west-1: {zones: 2}, desk: {zones: 1, provider: existing}}
environments: {dev: {regions: [eu-west-1, desk]}}
cluster: {version: "1.35", registry: {mirror: true}}
access: {groups: {sre: {id: platform-admin, role: admin}}}
teams: {sre: {group: sre}}
namespaces: {shop: {owner: sre}}
apps:
  web:
    image: registry.example/web:v1
    init: {first: {image: "registry.example/first:v1"}}
    sidecars: {proxy: {image: "registry.example/proxy:v1"}, same: {image: "registry.example/web:v1"}}
stores:
  carts: {engine: redis, storage: none, backup: {none: they are filled again}}
"#,
        );
        let regions = &estate.environments["dev"].regions;
        let images = |region: &str| -> Vec<String> {
            let workloads = regions[region].workloads.values();
            workloads.flat_map(Workload::containers).map(|container| container.image.clone()).collect()
        };
        assert!(images("eu-west-1").iter().all(|image| image.starts_with(&format!("{REGISTRY}/shop-dev/"))), "{:?}", images("eu-west-1"));
        assert!(images("desk").iter().all(|image| !image.contains("amazonaws")), "{:?}", images("desk"));
        let mirror = regions["eu-west-1"].cluster.mirror.as_ref().expect("a registry of copies");
        let own = "registry.k8s.io/autoscaling/cluster-autoscaler";
        let names = ["docker.io/library/redis", "registry.example/first", "registry.example/proxy", "registry.example/web", own];
        assert_eq!(
            mirror.repositories(),
            names.iter().map(|name| format!("shop-dev/{name}")).collect::<Vec<_>>().iter().map(String::as_str).collect()
        );
        assert!(regions["desk"].cluster.mirror.is_none());
    }
}
