//! Whether the pods of a region fit a laptop, and how much of their requests they keep.
//!
//! Every node of a kind cluster reports the whole laptop to the scheduler, so that nothing but these requests keeps pods from filling it. Limits stay: a
//! container may use what it may use in its environment, as long as the laptop has it.

use super::super::capacity::{cpu, memory};
use super::containers;
use crate::diagnostic::{Code, Diagnostic};
use crate::model::{Container, Desk, Kind, Platform, Region, Workload};
use crate::value::Quantity;

/// The part of a laptop that pods of the spec may request, in thousandths. Kubernetes itself, its add-ons and the proxies take the rest.
const PODS: u128 = 750;

/// The smallest request of processors, in thousandths.
const LEAST_CPU: u128 = 10;

/// The smallest request of memory, in thousandths of that of the environment: programs use about what they request, whoever asks less of the scheduler.
const LEAST_MEMORY: u128 = 250;

/// Everything that was requested.
const WHOLE: u128 = 1000;

/// The part of a mebibyte that requests of memory are rounded to.
const MEBIBYTE: u128 = 1 << 20;

/// Makes the requests of a region fit a laptop, and returns the reason; none where they fit as they are.
///
/// # Errors
/// The smallest requests do not fit.
pub(super) fn fit(platform: &Platform, region: &mut Region, workers: usize, desk: &Desk) -> Result<Option<String>, Box<Diagnostic>> {
    let place = format!("{}/{}", platform.environment, region.name);
    let processors = desk.cpus.millis();
    let bytes = u128::from(desk.memory.bytes());
    let cpu_share = share(region, workers, processors, small_cpu).map_err(|need| {
        let needs = format!("`{}` processors, `10m` for each container", Quantity::from_millis(need).canonical());
        let most = Quantity::from_millis((need * WHOLE).div_ceil(PODS).div_ceil(1000) * 1000);
        let left = Quantity::from_millis(room(processors));
        too_small(&place, region, desk, &needs, &left, &format!("--cpus {}", most.canonical()), cpu)
    })?;
    let memory_share = share(region, workers, bytes, small_memory).map_err(|need| {
        let asked = total(region, workers, memory);
        let needs = format!("{} of memory, a quarter of the {} that they request in the environment", mebibytes(need), mebibytes(asked));
        let most = (need * WHOLE).div_ceil(PODS).div_ceil(1 << 30);
        let left = Quantity::from_bytes(u64::try_from(room(bytes)).unwrap_or(u64::MAX));
        too_small(&place, region, desk, &needs, &left, &format!("--memory {most}Gi"), memory)
    })?;
    if (cpu_share, memory_share) == (WHOLE, WHOLE) {
        return Ok(None);
    }
    for container in region.workloads.values_mut().flat_map(containers) {
        let (processors, bytes) = (small_cpu(container, cpu_share), small_memory(container, memory_share));
        if let Some((request, _)) = container.cpu.as_mut().filter(|_| cpu_share < WHOLE) {
            *request = Quantity::from_millis(processors);
        }
        if let Some((request, _)) = container.memory.as_mut().filter(|_| memory_share < WHOLE) {
            *request = Quantity::from_bytes(u64::try_from(bytes).unwrap_or(u64::MAX));
        }
    }
    Ok(Some(format!(
        "Requests are {} of those of the environment for processors and {} for memory, so that all pods together request at most three quarters of the laptop's \
         {} processors and {} of memory. Limits stay the same.",
        percent(cpu_share),
        percent(memory_share),
        desk.cpus,
        desk.memory
    )))
}

fn percent(share: u128) -> String {
    format!("{} %", share / 10)
}

/// What pods of the spec may request of an amount.
fn room(amount: u128) -> u128 {
    amount * PODS / WHOLE
}

/// The largest share of the requests that fits, in thousandths; the smallest requests, if none does.
fn share(region: &Region, workers: usize, amount: u128, of: fn(&Container, u128) -> u128) -> Result<u128, u128> {
    let need = |share: u128| total(region, workers, |container| of(container, share));
    let (mut fits, mut exceeds) = (0, WHOLE + 1);
    while exceeds - fits > 1 {
        let middle = (fits + exceeds) / 2;
        if need(middle) <= room(amount) { fits = middle } else { exceeds = middle }
    }
    if need(fits) <= room(amount) { Ok(fits) } else { Err(need(0)) }
}

fn small_cpu(container: &Container, share: u128) -> u128 {
    let asked = cpu(container);
    (asked * share / WHOLE).max(asked.min(LEAST_CPU))
}

fn small_memory(container: &Container, share: u128) -> u128 {
    kept(memory(container), share)
}

/// A share of a request of memory, in whole mebibytes where there are some. A request is never more than its limit.
fn kept(asked: u128, share: u128) -> u128 {
    if share >= WHOLE || asked < MEBIBYTE {
        return asked;
    }
    ((asked * share.max(LEAST_MEMORY) / WHOLE).div_ceil(MEBIBYTE) * MEBIBYTE).min(asked)
}

/// The demand of all pods that run at the same time: every server and replica, a pod of each DaemonSet on every worker, and the largest job.
fn total(region: &Region, workers: usize, of: impl Fn(&Container) -> u128) -> u128 {
    let (mut all, mut job) = (0, 0);
    for workload in region.workloads.values() {
        let pod = workload.of_pod(&of);
        let pods = match workload.kind {
            Kind::Deployment | Kind::StatefulSet | Kind::Operated(_) => u128::from(workload.replicas.0),
            Kind::DaemonSet => workers as u128,
            Kind::CronJob(_) | Kind::Job { .. } | Kind::Restored(_) => {
                job = pod.max(job);
                0
            }
        };
        let helper = workload.operated().and_then(|operated| operated.helper.as_ref());
        let beside = helper.map_or(0, |helper| u128::from(helper.pods) * helper.containers.iter().map(&of).sum::<u128>());
        all += pods * pod + beside;
    }
    all + job
}

fn mebibytes(bytes: u128) -> String {
    format!("`{}`", Quantity::from_bytes(u64::try_from(bytes.div_ceil(MEBIBYTE) * MEBIBYTE).unwrap_or(u64::MAX)).canonical())
}

/// The finding for a laptop that is too small.
fn too_small(
    place: &str,
    region: &Region,
    desk: &Desk,
    needs: &str,
    left: &Quantity,
    flag: &str,
    of: fn(&Container) -> u128,
) -> Box<Diagnostic> {
    let Desk { cpus, memory } = desk;
    let message = format!(
        "`{place}` does not fit `{cpus}` processors and `{memory}` of memory: its pods request at least {needs}, and three quarters, `{}`, are for them",
        left.canonical()
    );
    let mut diagnostic = Diagnostic::new(Code::DesktopTooSmall, message);
    let largest = region.workloads.values().max_by_key(|workload| workload.of_pod(of) * u128::from(workload.replicas.0));
    if let Some(Workload { span, .. }) = largest {
        diagnostic = diagnostic.at(*span).label("requests most");
    }
    Box::new(diagnostic.help(format!("give the desktop more, such as `{flag}`")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_in_mebibytes_and_never_more_than_the_whole() {
        assert_eq!([kept(8 * MEBIBYTE, 500), kept(9 * MEBIBYTE, 500), kept(8 * MEBIBYTE, 1)], [4 * MEBIBYTE, 5 * MEBIBYTE, 2 * MEBIBYTE]);
        assert_eq!([kept(1_500_000, 990), kept(1000, 500), kept(1_500_000, WHOLE)], [1_500_000, 1000, 1_500_000]);
    }
}
