//! What a region needs beside its own network: copies of images, file services, and the ways to the ranges of others.

use std::collections::{BTreeMap, BTreeSet};

use super::requirement::{Place, Requirement, ask, cluster, listed, look};
use crate::diagnostic::wording::shell_quoted as quoted;
use crate::kinds::Operator;
use crate::model::{AddonChart, ImageCopy, Network, Peer, Platform, Region, Software, Workload};
use crate::provider::Provider;

/// The copies of images that nodes pull.
pub(super) fn images(region: &Region, all: &mut Vec<Requirement>) {
    let Some(mirror) = &region.cluster.mirror else { return };
    let at = quoted(region.name.as_str());
    let look_for = |copy: &ImageCopy| {
        let arguments = format!("--repository-name {} --image-ids imageTag={}", quoted(&copy.repository), quoted(&copy.tag));
        look("exists", &format!("copy of {}", copy.source), &format!("aws ecr describe-images --region {at} {arguments}"))
    };
    let sentence = format!("a copy of each image in the registry `{}`: `mirror.sh` makes what is missing", mirror.registry);
    all.push(Requirement { place: Place::Account, sentence: Some(sentence), checks: mirror.copies.iter().map(look_for).collect() });
}

/// The operator's image, with which every server and every job of a database starts, where nodes are not to pull it from its own registry, or can't.
pub(super) fn operator_image(region: &Region, all: &mut Vec<Requirement>) {
    let Some(closed) = closed(region, |workload| workload.database().is_some()) else { return };
    let (sentence, check) = match &region.cluster.mirror {
        Some(mirror) => {
            let start = format!("{}/", mirror.registry);
            // The template of kubectl has no function for the start of a text but `printf`.
            let template = format!(
                "{{{{range .items}}}}{{{{range .spec.template.spec.containers}}}}{{{{range .env}}}}{{{{if and (eq .name \"OPERATOR_IMAGE_NAME\") (eq (printf \"%.{}s\" .value) \"{start}\")}}}}{{{{.value}}}}{{{{end}}}}{{{{end}}}}{{{{end}}}}{{{{end}}}}",
                start.len()
            );
            let (key, value) = Operator::CloudNativePg.facts().pods;
            let namespace = quoted(Operator::CloudNativePg.facts().namespace);
            let arguments = format!(
                "--namespace {namespace} get deployments --selector {key}={value} --output {}",
                quoted(&format!("go-template={template}"))
            );
            (
                format!(
                    "a copy of CloudNativePG's own image in a repository of yours in `{}`: every server of a database starts with it, and `mirror.sh` does \
                     not copy it. The Deployment of CloudNativePG runs the copy and names it as `OPERATOR_IMAGE_NAME`",
                    mirror.registry
                ),
                cluster("prints", &format!("OPERATOR_IMAGE_NAME of CloudNativePG with an image from {}", mirror.registry), &arguments),
            )
        }
        None if closed.is_empty() => return,
        None => (
            format!(
                "CloudNativePG's own image in a registry that the nodes of {closed} reach without the internet: every server of a database starts with it. \
                 The Deployment of CloudNativePG names it as `OPERATOR_IMAGE_NAME`"
            ),
            ask(&format!(
                "whether OPERATOR_IMAGE_NAME of CloudNativePG names an image in a registry that the nodes of {} reach",
                closed.replace('`', "")
            )),
        ),
    };
    all.push(Requirement {
        place: Place::Cluster,
        sentence: unless_copied(region, AddonChart::CloudNativePg, sentence),
        checks: vec![check],
    });
    if region.workloads.values().any(|workload| workload.backups.sidecar().is_some()) {
        let from = match &region.cluster.mirror {
            Some(mirror) => format!("from `{}`", mirror.registry),
            None => format!("in a registry that the nodes of {closed} reach without the internet"),
        };
        let sentence = format!(
            "the sidecar's image of the Barman Cloud plugin {from}: every server of a database with backups starts with it. The Deployment of the plugin \
             names it as `SIDECAR_IMAGE`, which a ConfigMap beside it holds (a Secret, installed from its manifest)"
        );
        let check = ask(&format!("whether SIDECAR_IMAGE of the Barman Cloud plugin names an image {}", from.replace('`', "")));
        all.extend(told(region, AddonChart::BarmanCloud, sentence, check));
    }
}

/// The images that an operator chooses for servers, where nodes are not to pull them from the operator's own registry, or can't.
pub(super) fn chosen_images(region: &Region, all: &mut Vec<Requirement>) {
    let Some(closed) = closed(region, |workload| workload.operated().is_some() && workload.main.image.is_empty()) else { return };
    let from = match &region.cluster.mirror {
        Some(mirror) => {
            format!("from repositories of yours in `{}`, to which `mirror.sh` does not copy them", mirror.registry)
        }
        None if !closed.is_empty() => format!("in a registry that the nodes of {closed} reach without the internet"),
        None => return,
    };
    let variables = ["STRIMZI_KAFKA_IMAGES", "STRIMZI_DEFAULT_KAFKA_INIT_IMAGE", "STRIMZI_DEFAULT_USER_OPERATOR_IMAGE"];
    let sentence = format!(
        "Strimzi's images of Kafka and of itself {from}: Strimzi chooses those of the servers and of the pod beside them. Its Deployment names them as {}",
        listed(variables)
    );
    let from = from.split(',').next().unwrap_or_default().replace('`', "");
    let check = ask(&format!("whether {} of Strimzi name images {from}", variables.join(", ")));
    all.extend(told(region, AddonChart::Strimzi, sentence, check));
}

/// The sentence about an image of an add-on, unless these files install the add-on with copies of its images.
fn unless_copied(region: &Region, addon: AddonChart, sentence: String) -> Option<String> {
    region.chart(addon).is_none_or(|chart| chart.images.is_empty()).then_some(sentence)
}

/// The question about an image of an add-on, unless these files answer it.
fn told(region: &Region, addon: AddonChart, sentence: String, check: String) -> Option<Requirement> {
    let sentence = unless_copied(region, addon, sentence)?;
    Some(Requirement { place: Place::Cluster, sentence: Some(sentence), checks: vec![check] })
}

/// The image of the Percona Operator for MySQL, with which every server and proxy starts, where nodes are not to pull it from its own registry, or can't.
pub(super) fn percona_image(region: &Region, all: &mut Vec<Requirement>) {
    let Some(closed) =
        closed(region, |workload| workload.operated().is_some_and(|operated| matches!(operated.software, Software::Mysql(_))))
    else {
        return;
    };
    let from = match &region.cluster.mirror {
        Some(mirror) => format!("from a repository of yours in `{}`, to which `mirror.sh` does not copy it", mirror.registry),
        None if !closed.is_empty() => format!("from a registry that the nodes of {closed} reach without the internet"),
        None => return,
    };
    let title = Operator::PerconaMysql.facts().title;
    let sentence = format!("the image of {title} {from}: every server and proxy starts with the image that the operator itself runs");
    let check = ask(&format!("whether {title} runs an image {}", from.split(',').next().unwrap_or_default().replace('`', "")));
    all.extend(told(region, AddonChart::PerconaMysql, sentence, check));
}

/// The subnets of workloads whose nodes have no way to the internet. `None`: there are no such workloads.
fn closed(region: &Region, is_one: impl Fn(&Workload) -> bool) -> Option<String> {
    let mut all = region.workloads.values().filter(|workload| is_one(workload)).peekable();
    all.peek()?;
    let subnets: BTreeSet<_> = all.flat_map(|workload| &workload.placement.subnets).collect();
    let closed = region.network.iter().flat_map(|network| &network.subnets);
    Some(listed(closed.filter(|subnet| !subnet.internet && subnets.contains(&subnet.name)).map(|subnet| &subnet.name)))
}

/// The file services behind shared volumes, which the classes of volumes lead to.
pub(super) fn file_systems(region: &Region, all: &mut Vec<Requirement>) {
    let classes: BTreeSet<&String> = region.volumes.iter().map(|volume| &volume.class).collect();
    for class in classes.into_iter().filter(|_| region.provider == Provider::Aws) {
        let sentence = format!(
            "the file system behind the StorageClass `{class}`, with a mount target in each zone whose security group admits NFS (TCP 2049) from the nodes"
        );
        let check = ask(&format!(
            "whether the file system of the StorageClass {class} has a mount target in each zone, open to NFS from the nodes"
        ));
        all.push(Requirement { place: Place::Elsewhere, sentence: Some(sentence), checks: vec![check] });
    }
}

/// The ways to private ranges outside of the network of the region, which need a peering, a transit gateway or a link to the company's network.
pub(super) fn routes(platform: &Platform, region: &Region, all: &mut Vec<Requirement>) {
    let linked = platform.links().into_iter().filter(|pair| [pair.0, pair.1].iter().any(|one| one.name == region.name));
    let mut known: Vec<_> =
        linked.flat_map(|(first, second)| [first, second]).filter_map(|one| one.network.as_ref()).map(|one| one.cidr).collect();
    if let Some(network) = &region.network {
        company(platform, region, network, all);
        known.extend(network.on_premises.iter().copied().chain([network.cidr]));
    }
    let mut ways: BTreeMap<_, (BTreeSet<&str>, BTreeSet<&str>)> = BTreeMap::new();
    for flow in &region.flows {
        let (Peer::Outside { name, cidrs, .. }, Some(caller)) = (&flow.to, region.workload_of(&flow.from)) else { continue };
        for cidr in cidrs {
            if known.iter().any(|range| range.contains(*cidr)) || !region.inside.iter().any(|range| range.contains(*cidr)) {
                continue;
            }
            let (names, subnets) = ways.entry(*cidr).or_default();
            names.insert(name);
            subnets.extend(caller.placement.subnets.iter().map(|subnet| subnet.as_str()));
        }
    }
    for (cidr, (names, subnets)) in ways {
        let (names, subnets) = (listed(names), listed(subnets));
        let sentence = format!("a route from the nodes of {subnets} to `{cidr}`, and one back, for {names}: these files join no networks");
        let check = ask(&format!("whether the nodes of {} have a route to {cidr}, and it has one back", subnets.replace('`', "")));
        all.push(Requirement { place: Place::Elsewhere, sentence: Some(sentence), checks: vec![check] });
    }
}

/// The way to the company's network.
fn company(platform: &Platform, region: &Region, network: &Network, all: &mut Vec<Requirement>) {
    let own = network.cidr;
    if let Some(vpn) = &network.vpn {
        let (gateway, at) = (vpn.gateway, quoted(region.name.as_str()));
        let name = quoted(&format!("{}-{}-{}-company", platform.name, platform.environment, region.name));
        let sentence = format!(
            "the company's end of the VPN, `{gateway}`, with both tunnels open and a route to `{own}`: the README.md of the network root says what to set up"
        );
        let query = quoted("VpnConnections[].VgwTelemetry[?Status=='UP'].OutsideIpAddress");
        let arguments = format!("--region {at} --filters Name=tag:Name,Values={name} --query {query} --output text");
        let check = look("prints", "an open tunnel to the company's gateway", &format!("aws ec2 describe-vpn-connections {arguments}"));
        all.push(Requirement { place: Place::Account, sentence: Some(sentence), checks: vec![check] });
    }
    for cidr in network.on_premises.iter().filter(|_| network.vpn.is_none()) {
        let sentence =
            format!("a link to the company's network `{cidr}`, with a route to it from `{own}` and one back: these files join no networks");
        let check = ask(&format!("whether {own} has a route to {cidr} in the company's network, and one back"));
        all.push(Requirement { place: Place::Elsewhere, sentence: Some(sentence), checks: vec![check] });
    }
}
