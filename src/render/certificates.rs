//! The certificates that the files of a region use and do not make: what has to make them, or which Secrets hold them.

use super::requirement::{cluster, listed};
use super::uses::Uses;
use crate::diagnostic::wording::{plain, shell_quoted as quoted};
use crate::kinds::Operator;
use crate::model::{Region, Workload};
use std::collections::BTreeSet;

/// What cert-manager makes certificates for, with the checks.
pub(super) fn made(region: &Region) -> Vec<(String, Vec<String>)> {
    let operated = || region.workloads.values().filter_map(Workload::operated);
    let of_percona = region.workloads.values().filter(|workload| workload.percona().is_some()).filter_map(Workload::operated);
    let engines: BTreeSet<&str> = of_percona.map(|operated| operated.software.facts().engine).collect();
    let mut all = Vec::new();
    if !engines.is_empty() {
        let without = if engines.contains("MySQL") { "that end after 90 days" } else { "that nobody replaces" };
        all.push(format!(
            "cert-manager, which makes the certificates of the servers of {}, and new ones in time: without, the operator makes some {without}",
            plain(engines)
        ));
    }
    if operated().any(|operated| operated.software.operator() == Operator::Rabbitmq) {
        all.push(
            "cert-manager, which makes the certificate of the webhook of the RabbitMQ Cluster Operator since its version 2.22".to_owned(),
        );
    }
    // One look is enough.
    let check = |number| {
        let check = cluster("exists", "cert-manager", "explain --api-version=cert-manager.io/v1 certificates.spec");
        if number == 0 { vec![check] } else { Vec::new() }
    };
    all.into_iter().enumerate().map(|(number, sentence)| (sentence, check(number))).collect()
}

/// The Secrets with the certificates of Gateways, with the checks.
pub(super) fn given(uses: &Uses) -> impl Iterator<Item = (String, Vec<String>)> {
    uses.certificates.iter().filter(|(place, _)| !uses.issued.contains(place)).map(|((namespace, secret), gateways)| {
        let check = cluster(
            "exists",
            &format!("Secret {namespace}/{secret} with a certificate"),
            &format!("--namespace {} get secret {} --output name", quoted(namespace), quoted(secret)),
        );
        let gateways = listed(gateways);
        let sentence =
            format!("the Secret `{secret}` in the namespace `{namespace}`, with a certificate of the hosts of the Gateway {gateways}");
        (sentence, vec![check])
    })
}
