//! What dashboards show beside what alerts judge: what is requested and used, and what stores do.

use super::play::{Moment, Outage, Series, Target, metric};
use super::world::{Pod, World};

const MIB: f64 = 1024.0 * 1024.0;
const GIB: f64 = 1024.0 * MIB;

/// What a pod requests: processors, and memory, which is its limit as well.
fn size(pod: &Pod) -> (f64, f64) {
    match &pod.engine {
        Some(_) => (0.5, GIB),
        None if pod.proxy => (0.1, 256.0 * MIB),
        None => (0.1, 128.0 * MIB),
    }
}

/// The name of the container of a pod.
fn container(pod: &Pod) -> &str {
    match pod.engine.as_deref() {
        Some(engine) => engine,
        None if pod.proxy => "envoy",
        None => &pod.workload,
    }
}

/// The labels of a container.
fn of(pod: &Pod) -> [(&str, &str); 3] {
    [("namespace", &pod.namespace), ("pod", &pod.name), ("container", container(pod))]
}

/// A metric with further labels.
fn with(name: &str, of: &[(&str, &str)], more: &[(&str, &str)]) -> String {
    metric(name, &[of, more].concat())
}

/// kube-state-metrics: what pods request, what nodes have, and what the quota of `shop` allows.
pub fn requested(world: &World) -> Series {
    let mut all = Vec::new();
    for pod in &world.pods {
        let (cpu, memory) = size(pod);
        let placed = [&of(pod)[..], &[("node", pod.node.as_str())]].concat();
        let kinds = [("requests", "cpu", "core", cpu), ("requests", "memory", "byte", memory), ("limits", "memory", "byte", memory)];
        for (kind, resource, unit, value) in kinds {
            all.push((with(&format!("kube_pod_container_resource_{kind}"), &placed, &[("resource", resource), ("unit", unit)]), value));
        }
        let info = [("namespace", pod.namespace.as_str()), ("pod", &pod.name), ("node", &pod.node)];
        all.push((metric("kube_pod_info", &info), 1.0));
    }
    for [node, ..] in &world.nodes {
        for (resource, unit, value) in [("cpu", "core", 3.92), ("memory", "byte", 14.5 * GIB)] {
            let labels = [("node", node.as_str()), ("resource", resource), ("unit", unit)];
            all.push((metric("kube_node_status_allocatable", &labels), value));
        }
    }
    let shop: Vec<(f64, f64)> = world.pods.iter().filter(|pod| pod.namespace == "shop").map(size).collect();
    let cpu: f64 = shop.iter().map(|(cpu, _)| cpu).sum();
    let memory: f64 = shop.iter().map(|(_, memory)| memory).sum();
    for (resource, used, hard) in
        [("requests.cpu", cpu, 12.0), ("requests.memory", memory, 24.0 * GIB), ("limits.memory", memory, 24.0 * GIB)]
    {
        for (kind, value) in [("used", used), ("hard", hard)] {
            let labels = [("namespace", "shop"), ("resourcequota", "quota"), ("resource", resource), ("type", kind)];
            all.push((metric("kube_resourcequota", &labels), value));
        }
    }
    all
}

/// kube-state-metrics: the images that containers run, and their restarts. The errors of `web` come with a new image.
pub fn running(moment: &Moment, pods: &[Pod]) -> Series {
    let mut all = Vec::new();
    for pod in pods {
        let new = pod.workload == "web" && moment.has(Outage::Errors);
        let image = format!("registry.example/{}:v{}", container(pod), if new { 2 } else { 1 });
        all.push((with("kube_pod_container_info", &of(pod), &[("image_spec", &image)]), 1.0));
        let crashes = moment.lasted(Outage::CrashLoop).filter(|_| pod.name == "payer-0");
        all.push((metric("kube_pod_container_status_restarts_total", &of(pod)), crashes.map_or(0.0, |lasted| (lasted / 300.0).floor())));
    }
    all
}

/// The kubelets: volumes, and what containers use.
pub fn kubelet(pods: &[Pod]) -> Target {
    let pods = pods.to_vec();
    Target::new(&[("job", "kubelet"), ("namespace", "kube-system")], move |moment| {
        let mut all = Vec::new();
        for pod in &pods {
            let name = pod.name.as_str();
            let (cpu, memory) = size(pod);
            let more = [("image", "registry.example/image")];
            let seen = |name: &str| with(name, &of(pod), &more);
            all.push((seen("container_cpu_usage_seconds_total"), moment.counts(name, cpu * 0.5)));
            let cache = moment.moves(name, memory * 0.1);
            all.push((seen("container_memory_working_set_bytes"), moment.moves(&format!("{name} memory"), memory * 0.5) + cache));
            all.push((seen("container_memory_total_active_file_bytes"), cache));
            let Some(engine) = &pod.engine else { continue };
            let (claim, capacity) = match engine.as_str() {
                "postgres" => (name.to_owned(), 50.0 * GIB),
                _ => (format!("persistence-{name}"), 10.0 * GIB),
            };
            let full = pod.name == "orders-1" && moment.has(Outage::FullDisk);
            let left = if full { capacity * 0.03 } else { capacity * 0.6 };
            let labels = [("namespace", pod.namespace.as_str()), ("persistentvolumeclaim", claim.as_str())];
            let sizes = [
                ("available_bytes", left),
                ("capacity_bytes", capacity),
                ("used_bytes", capacity - left),
                ("inodes", 1e6),
                ("inodes_free", 9e5),
            ];
            all.extend(sizes.map(|(name, value)| (metric(&format!("kubelet_volume_stats_{name}"), &labels), value)));
        }
        Some(all)
    })
}

/// The exporter of a node.
pub fn node(number: usize) -> Target {
    let instance = format!("10.0.{}.10:9100", 16 * number);
    let labels = [("job", "node-exporter"), ("namespace", "kube-system"), ("instance", instance.as_str())];
    let name = instance.clone();
    Target::new(&labels, move |moment| {
        let mut all = Vec::new();
        for cpu in 0..4 {
            let busy = moment.counts(&format!("{name} {cpu}"), 0.3);
            for (mode, value) in [("idle", moment.elapsed - busy), ("user", busy)] {
                all.push((metric("node_cpu_seconds_total", &[("cpu", &cpu.to_string()), ("mode", mode)]), value));
            }
        }
        let disk = [("mountpoint", "/"), ("fstype", "ext4")];
        all.push((metric("node_filesystem_avail_bytes", &disk), 60.0 * GIB));
        all.push((metric("node_filesystem_size_bytes", &disk), 100.0 * GIB));
        all.push(("node_memory_MemAvailable_bytes".to_owned(), moment.moves(&name, 8.0 * GIB)));
        all.push(("node_memory_MemTotal_bytes".to_owned(), 15.5 * GIB));
        Some(all)
    })
}

/// What clients do with a server of PostgreSQL.
pub fn of_database(moment: &Moment, pod: &str, first: bool) -> Series {
    let of = [("datname", "app")];
    let busy = if first { 1.0 } else { 0.3 };
    let named = |what: &str| format!("{pod} {what}");
    let mut all = vec![
        (metric("cnpg_pg_database_xid_age", &of), 5e7 + moment.elapsed * 30.0),
        (metric("cnpg_pg_database_size_bytes", &of), 12.0 * GIB + moment.elapsed * 4096.0),
        (metric("cnpg_pg_database_size_bytes", &[("datname", "postgres")]), 8.0 * MIB),
    ];
    for (name, rate) in [("xact_commit", 120.0), ("xact_rollback", 2.0), ("deadlocks", 0.0), ("blks_hit", 9000.0), ("blks_read", 70.0)] {
        all.push((metric(&format!("cnpg_pg_stat_database_{name}"), &of), moment.counts(&named(name), rate * busy)));
    }
    for (state, about) in [("active", 8.0), ("idle", 16.0)] {
        all.push((
            metric("cnpg_backends_total", &[("datname", "app"), ("state", state)]),
            moment.moves(&named(state), about * busy).round(),
        ));
    }
    all
}

/// A server of RabbitMQ.
pub fn of_queues(moment: &Moment, pod: &str) -> Series {
    let named = |what: &str| format!("{pod} {what}");
    let all = [
        ("rabbitmq_alarms_free_disk_space_watermark", 0.0),
        ("rabbitmq_alarms_memory_used_watermark", 0.0),
        ("rabbitmq_unreachable_cluster_peers_count", 0.0),
        ("rabbitmq_connections", 4.0),
        ("rabbitmq_consumers", 2.0),
        ("rabbitmq_queues", 2.0),
        ("rabbitmq_queue_messages_ready", moment.moves(&named("ready"), 40.0).round()),
        ("rabbitmq_queue_messages_unacked", moment.moves(&named("unacked"), 8.0).round()),
        ("rabbitmq_process_resident_memory_bytes", moment.moves(&named("memory"), 180.0 * MIB)),
        ("rabbitmq_resident_memory_limit_bytes", 410.0 * MIB),
        ("rabbitmq_disk_space_available_bytes", 7.0 * GIB + moment.moves(&named("disk"), 0.5 * GIB)),
        ("rabbitmq_disk_space_available_limit_bytes", 2.0 * GIB),
    ];
    all.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// Prometheus and Alertmanager of themselves, where no real ones run.
pub fn monitoring() -> [Target; 2] {
    let itself = |name: &str, say: fn(&Moment) -> Series| {
        let (job, pod) = (format!("kube-prometheus-stack-{name}"), format!("{name}-0"));
        Target::new(&[("job", &job), ("namespace", "monitoring"), ("pod", &pod)], move |moment| Some(say(moment)))
    };
    let prometheus = itself("prometheus", |moment| {
        let one = |name: &str, value: f64| (name.to_owned(), value);
        vec![
            one("prometheus_config_last_reload_successful", 1.0),
            one("prometheus_notifications_alertmanagers_discovered", 2.0),
            one("prometheus_tsdb_head_series", moment.moves("series", 40_000.0).round()),
        ]
    });
    let alertmanager = itself("alertmanager", |moment| {
        let mut all = vec![("alertmanager_config_last_reload_successful".to_owned(), 1.0)];
        for name in ["pagerduty", "slack", "webhook"] {
            let labels = [("integration", name)];
            all.push((metric("alertmanager_notifications_total", &labels), (moment.elapsed / 300.0).floor()));
            all.push((metric("alertmanager_notifications_failed_total", &labels), 0.0));
        }
        all
    });
    [prometheus, alertmanager]
}
