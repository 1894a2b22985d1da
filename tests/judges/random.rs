//! Valid specs composed at random: what the examples do not combine, the judges see all the same.
//!
//! PLATGEN_SEED chooses others, PLATGEN_RANDOM how many. Every spec is made to be accepted without waivers but the three it carries, so a refusal
//! is a fault of the program or of this file, and each keeps its text.

use serde_json::{Map, Value, json};

/// The number behind all choices; a generator of the splitmix family, so that a seed means the same on every machine.
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `limit`.
    fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit as u64) as usize
    }

    /// True once in `times`.
    fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    fn pick<'a, T: ?Sized>(&mut self, all: &[&'a T]) -> &'a T {
        all[self.below(all.len())]
    }
}

const ENVIRONMENTS: [&str; 3] = ["dev", "beta", "production"];
const NAMESPACES: [&str; 3] = ["shop", "back-office", "tools"];

/// The spec of a seed.
pub fn spec(seed: u64) -> Value {
    let dice = &mut Dice::new(seed);
    let environments = &ENVIRONMENTS[dice.below(3)..];
    let regions: &[&str] = if dice.once_in(2) { &["eu-west-1", "eu-central-1"] } else { &["eu-west-1"] };
    let engine = dice.pick(&["native", "cilium", "calico"]);
    let namespaces = &NAMESPACES[..1 + dice.below(3)];
    let isolated = dice.once_in(2);
    let mut world = World { dice, mapped: engine != "native", environments, namespaces, isolated, callable: Vec::new(), loose: Vec::new() };
    let stores: Map<String, Value> = (0..world.dice.below(3)).map(|at| world.store(at)).collect();
    let external = world.dice.once_in(2);
    if external {
        world.callable.push("external/partner".into());
    }
    let count = 2 + world.dice.below(5);
    let apps: Map<String, Value> = (0..count).map(|at| world.app(at)).collect();
    let World { dice, loose, .. } = world;
    let namespace = |name: &&str| {
        let mut namespace = json!({"owner": "ops"});
        if loose.contains(&name.to_string()) {
            namespace["pod_security"] = json!({"level": "privileged", "reason": "an agent of the node lives here"});
        }
        (name.to_string(), namespace)
    };
    let mut environment = |name: &&str| {
        let mut one = json!({"branch": name, "regions": regions, "domain": format!("{name}.random.example")});
        if *name == "production" {
            one["protected"] = true.into();
            one["approvals"] = dice.below(3).into();
            one["approvers"] = json!(["ops"]);
        } else if dice.once_in(2) {
            one["regions"] = json!(["eu-west-1"]);
        }
        (name.to_string(), one)
    };
    let account = |(at, name): (usize, &&str)| (name.to_string(), Value::from(format!("{:012}", at + 1)));
    let accounts: Map<String, Value> = environments.iter().enumerate().map(account).collect();
    let environments: Map<String, Value> = environments.iter().map(&mut environment).collect();
    let mut subnets = json!({"general": {"default": true}, "data": {"egress": dice.pick(&["all", "none"])}});
    let mut pools = json!({"general": {"subnet": "general", "machine": "m7i.xlarge", "nodes": "3..9"}, "data": {"subnet": "data", "machine": "r7i.large", "nodes": "3..3", "disk": "60Gi"}});
    if isolated {
        subnets["payments"] = json!({"isolated": true});
        pools["payments"] = json!({"subnet": "payments", "machine": "m7g.large", "nodes": "3..6"});
    }
    let vault = json!({"store": "vault", "vault": {"address": "https://vault.random.example", "path": "platform", "role": "reader"}});
    let waiver = |rule: &str, reason: &str| json!({"rule": rule, "reason": reason, "expires": "2999-12-31"});
    let mut spec = json!({
        "apiVersion": "platgen/v1",
        "platform": {"name": dice.pick(&["random", "r", "a-long-name-of-a-shop"]), "owner": "ops", "domain": "random.example"},
        "cloud": {"provider": "aws", "accounts": accounts, "state": {"region": "eu-west-1"}},
        "regions": {"eu-west-1": {"zones": 3}, "eu-central-1": {"zones": 2}},
        "environments": environments,
        "network": {"cidr": "10.0.0.0/8", "subnets": subnets},
        "cluster": {"version": dice.pick(&["1.33", "1.34", "1.35"]), "policy_engine": engine, "registry": {"mirror": dice.once_in(2)}, "pools": pools},
        "access": {"mfa": "required", "groups": {"ops": {"id": "platform-admin", "role": "admin"}, "readers": {"id": "reader", "role": "viewer"}}},
        "teams": {"ops": {"group": "ops", "page": {"email": "ops@random.example"}, "ticket": {"email": "ops@random.example"}}},
        "namespaces": namespaces.iter().map(namespace).collect::<Map<_, _>>(),
        "apps": apps,
        "stores": stores,
        "secrets": if dice.once_in(3) { vault } else { json!({"store": "cloud"}) },
        "waivers": {
            "tags": waiver("checkov/CKV_K8S_43", "some images are named by version"),
            "variables": waiver("checkov/CKV_K8S_35", "the images read variables"),
            "probes": waiver("kube-score/pod-probes-identical", "the spec says which probes there are"),
        },
    });
    if external {
        spec["external"] = json!({"partner": {"url": "https://partner.example"}});
    }
    spec
}

/// What has been decided so far.
struct World<'d> {
    dice: &'d mut Dice,
    /// Whether a Service may map ports.
    mapped: bool,
    environments: &'d [&'d str],
    namespaces: &'d [&'d str],
    isolated: bool,
    /// What an app can need.
    callable: Vec<String>,
    /// Namespaces of pods beyond the baseline.
    loose: Vec<String>,
}

impl World<'_> {
    fn image(&mut self, name: &str) -> String {
        let digest: String = (0..8).map(|_| format!("{:08x}", self.dice.next() as u32)).collect();
        match self.dice.below(3) {
            0 => format!("registry.example/team/{name}:v1.{}", self.dice.below(30)),
            1 => format!("registry.example:5000/{name}:2026.11.{}@sha256:{digest}", self.dice.below(30)),
            _ => format!("registry.example/{name}@sha256:{digest}"),
        }
    }

    fn namespace(&mut self) -> String {
        self.dice.pick(self.namespaces).to_owned()
    }

    fn store(&mut self, at: usize) -> (String, Value) {
        let name = format!("{}-{at}", self.dice.pick(&["cache", "queue"]));
        let mut store = json!({
            "namespace": self.namespace(),
            "engine": self.dice.pick(&["redis", "valkey"]),
            "storage": self.dice.pick(&["none", "1Gi", "20Gi"]),
            "subnet": "data",
            "backup": {"none": "it is filled again by itself"},
        });
        if self.dice.once_in(3) {
            store["independent"] = true.into();
        }
        if self.dice.once_in(3) {
            store["security"] = self.rights(&[0, 1, 3]);
        }
        self.callable.push(format!("store/{name}"));
        (name, store)
    }

    fn app(&mut self, at: usize) -> (String, Value) {
        let kind = self.dice.pick(&["web", "web", "rpc", "worker", "report", "migration", "agent", "keeper"]);
        let name = match self.dice.below(5) {
            0 => format!("{kind}-{at}-with-a-name-of-fifty-two-chars-at-the-very-most")[..50].trim_end_matches('-').to_owned(),
            _ => format!("{kind}-{at}"),
        };
        let mut app = json!({"namespace": self.namespace(), "image": self.image(kind)});
        let served = matches!(kind, "web" | "rpc" | "keeper");
        if served {
            let port = 8000 + at;
            app["port"] = if self.mapped && self.dice.once_in(3) { format!("80->{port}").into() } else { port.into() };
            app["protocol"] = match kind {
                "rpc" => "grpc",
                "keeper" => "tcp",
                _ => "http",
            }
            .into();
        }
        if let ("web" | "rpc", true) = (kind, self.dice.once_in(2)) {
            app["expose"] = self.exposure(&name);
        }
        match kind {
            "report" => {
                app["schedule"] = self.dice.pick(&["0 3 * * *", "*/15 * * * 1-5", "30 2 1 * *"]).into();
                if self.dice.once_in(2) {
                    app["timezone"] = "Europe/Berlin".into();
                }
                if self.dice.once_in(2) {
                    app["deadline"] = "10m".into();
                }
            }
            "migration" => app["run"] = "before-deploy".into(),
            "agent" => app["per_node"] = true.into(),
            "keeper" => app["volumes"] = json!({"/var/lib/keeper": self.dice.pick(&["1Gi", "50Gi"])}),
            _ => {}
        }
        if !matches!(kind, "report" | "migration") {
            app["probes"] = self.probes(kind);
        }
        if matches!(kind, "web" | "rpc" | "worker") && self.dice.once_in(2) {
            app["scale"] = match self.dice.below(3) {
                0 => json!({"replicas": 2 + self.dice.below(3)}),
                1 => json!({"replicas": "2..9", "cpu": "70%"}),
                _ => json!({"replicas": "3..12", "cpu": "55%", "memory": "80%"}),
            };
        }
        self.inputs(&mut app);
        if self.dice.once_in(2) {
            app["resources"] = match self.dice.below(3) {
                0 => json!({"cpu": "250m", "memory": "1Gi"}),
                1 => json!({"cpu": "0.1..2", "memory": "64Mi..128Mi", "ephemeral": "1Gi"}),
                _ => json!({"cpu": "50m..100m"}),
            };
        }
        if self.dice.once_in(3) {
            app["tmp"] = json!(["/tmp", "/var/cache/app"]);
        }
        if self.dice.once_in(4) {
            app["init"] = json!({"prepare": {"image": self.image("prepare"), "command": ["/bin/sh", "-c", "true"]}});
        }
        if kind != "migration" && self.dice.once_in(4) {
            let none = json!({"none": "it is looked after by the app"});
            app["sidecars"] =
                json!({"proxy": {"image": self.image("proxy"), "resources": {"cpu": "10m", "memory": "32Mi"}, "probes": none}});
        }
        if self.isolated && matches!(kind, "web" | "rpc" | "worker" | "report") && self.dice.once_in(3) {
            app["subnet"] = "payments".into();
        }
        self.loosen(kind, &mut app);
        if self.dice.once_in(5) {
            let only = self.dice.pick(self.environments).to_owned();
            app["only"] = json!([only]);
        } else if served {
            self.callable.push(format!("app/{name}"));
        }
        (name, app)
    }

    fn exposure(&mut self, name: &str) -> Value {
        // No `from`: the definitions that judge have no SecurityPolicy.
        match self.dice.below(3) {
            0 => name.into(),
            1 => json!([{"host": format!("{name}-api"), "path": "/v1", "timeout": "20s"}, {"host": format!("{name}-www")}]),
            _ => json!({"host": format!("{name}-in"), "via": "internal"}),
        }
    }

    fn probes(&mut self, kind: &str) -> Value {
        if self.dice.once_in(4) {
            return json!({"none": format!("nobody asks this {kind} how it is: yes = no, \"quoted\" # and more")});
        }
        let exec = |file: &str| json!({"exec": ["/bin/test", "-e", file]});
        match kind {
            "web" => {
                json!({"ready": {"http": "/ready", "headers": {"X-Probe": "1"}}, "live": {"http": "/live", "after": "5s", "every": "15s", "failures": 5}})
            }
            "rpc" => json!({"ready": {"grpc": ""}, "live": {"tcp": true}}),
            "keeper" => {
                json!({"ready": exec("/tmp/ready"), "live": {"tcp": true, "timeout": "3s"}, "start": {"tcp": true, "failures": 30}})
            }
            _ => json!({"ready": exec("/tmp/ready"), "live": exec("/tmp/live")}),
        }
    }

    /// Variables, secrets, files and needs.
    fn inputs(&mut self, app: &mut Value) {
        if self.dice.once_in(2) {
            app["config"] = json!({"LOG_LEVEL": "info", "ANSWER": "42", "EMPTY": "", "TIME": "12:30", "NO": "no", "OCTAL": "0777"});
        }
        let addressed: Vec<String> = self.callable.iter().filter(|name| !name.starts_with("external/")).cloned().collect();
        if let (true, Some(other)) = (self.dice.once_in(2), addressed.last()) {
            app["config"]["UPSTREAM"] = format!("${{{other}.address}}").into();
        }
        if self.dice.once_in(3) {
            app["secrets"] = json!({"API_KEY": "team/app#key"});
        }
        if self.dice.once_in(3) {
            app["files"] =
                json!({"/etc/app/settings.yaml": {"text": "on: no\nlist: [1, 2]\n"}, "/etc/app/key.pem": {"secret": "team/tls#key"}});
        }
        if let (true, false) = (self.dice.once_in(2), self.callable.is_empty()) {
            let at = self.dice.below(self.callable.len());
            app["needs"] = json!([self.callable[at]]);
        }
    }

    /// Rights beyond the default: those of the node need a namespace that allows them.
    fn loosen(&mut self, kind: &str, app: &mut Value) {
        if self.dice.once_in(3) {
            app["security"] = self.rights(&[0, 1, 2, 3]);
        } else if kind == "agent" && self.dice.once_in(2) {
            app["security"] = self.rights(&[4, 5, 6, 7, 8]);
            let namespace = app["namespace"].as_str().unwrap_or_default().to_owned();
            self.loose.push(namespace);
        }
    }

    /// One of these loosenings, with a reason that is hard to print.
    fn rights(&mut self, which: &[usize]) -> Value {
        let at = self.dice.below(which.len());
        let mut rights = match which[at] {
            0 => json!({"user": 1000, "group": 1000}),
            1 => json!({"writable_root": true}),
            2 => json!({"capabilities": ["NET_BIND_SERVICE"]}),
            3 => json!({"user": 999, "writable_root": true}),
            4 => json!({"privileged": true}),
            5 => json!({"host": {"network": true}}),
            6 => json!({"host": {"pid": true, "paths": {"/host/proc": "/proc"}}}),
            7 => json!({"capabilities": ["SYS_ADMIN", "NET_ADMIN"]}),
            _ => json!({"user": 0, "group": 0}),
        };
        rights["reason"] = self.dice.pick(&["built so", "a=b, c: d # e", "it's \"so\" | 100%", "über = alles, yes"]).into();
        rights
    }
}
