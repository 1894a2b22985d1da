use super::*;

/// The transitions of one cluster, each as `object: change`.
fn told(before: &str, after: &str) -> Vec<String> {
    told_where(false, before, after)
}

/// The same; `prunes` says whether a controller deletes what left the documents.
fn told_where(prunes: bool, before: &str, after: &str) -> Vec<String> {
    let cluster = |region: &str, before: &str, after: &str| Cluster {
        environment: "production".into(),
        region: region.into(),
        before: Inventory::read([("before.yaml", before)]),
        after: Inventory::read([("after.yaml", after)]),
        prunes,
    };
    let found = transitions(&[cluster("a", before, after), cluster("b", after, before)]);
    found.into_iter().filter(|one| one.region == "a").map(|one| format!("{}: {:?}", one.object, one.change)).collect()
}

fn deployment(name: &str, image: &str, replicas: &str) -> String {
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: {name}, namespace: shop, labels: {{platgen.io/workload: {name}}}}}\nspec: {{{replicas} \
         selector: {{matchLabels: {{app: {name}}}}}, template: {{spec: {{containers: [{{image: {image}}}]}}}}}}\n"
    )
}

fn stateful(name: &str, claims: &[(&str, &str)]) -> String {
    let claims: Vec<String> = claims
        .iter()
        .map(|(name, size)| format!("{{metadata: {{name: {name}}}, spec: {{resources: {{requests: {{storage: {size}}}}}}}}}"))
        .collect();
    format!(
        "apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {{name: {name}, namespace: shop}}\nspec: {{template: {{spec: {{containers: [{{image: db}}]}}}}, \
         volumeClaimTemplates: [{}]}}\n",
        claims.join(", ")
    )
}

#[test]
fn an_ordinary_update_is_not_told() {
    assert_eq!(told(&deployment("web", "web:v1", "replicas: 2,"), &deployment("web", "web:v2", "replicas: 3,")), Vec::<String>::new());
}

/// The controller that deletes a load balancer needs its rights until then.
#[test]
fn the_last_entrance_is_told() {
    let class = "apiVersion: gateway.networking.k8s.io/v1\nkind: GatewayClass\nmetadata: {name: envoy}\n";
    let gateway = |key: &str| {
        format!(
            "---\napiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {{name: public, namespace: gateways}}\nspec: {{infrastructure: {{annotations: {{service.beta.kubernetes.io/{key}: a}}}}}}\n"
        )
    };
    let last = |before: &str, after: &str| told(before, after).into_iter().filter(|one| one.contains("LastEntrance")).collect::<Vec<_>>();
    let aws = gateway("aws-load-balancer-scheme");
    assert_eq!(
        last(&format!("{class}{aws}"), ""),
        [r#"Gateway/gateways/public: LastEntrance { gateways: ["gateway.gateway.networking.k8s.io/public"] }"#]
    );
    // Another one stays, or the cloud deletes load balancers by itself.
    assert_eq!(last(&format!("{class}{aws}"), class), [""; 0]);
    assert_eq!(last(&format!("{class}{}", gateway("azure-load-balancer-internal")), ""), [""; 0]);
}

#[test]
fn immutable_fields_are_told() {
    let before = deployment("web", "web:v1", "replicas: 2,");
    let after = before.replace("app: web", "app: other");
    assert_eq!(told(&before, &after), [r#"Deployment/shop/web: Immutable("/spec/selector")"#]);
    let service = |ip: &str| format!("apiVersion: v1\nkind: Service\nmetadata: {{name: web, namespace: shop}}\nspec: {{{ip}}}\n");
    assert_eq!(told(&service(""), &service("clusterIP: None")), [r#"Service/shop/web: Immutable("/spec/clusterIP")"#]);
    assert_eq!(told(&service(""), &service("clusterIP: 10.0.0.1")), Vec::<String>::new());
}

#[test]
fn claims_can_grow_and_join_but_not_shrink_or_leave() {
    let one = stateful("db", &[("data", "10Gi")]);
    assert_eq!(
        told(&one, &stateful("db", &[("data", "20Gi")])),
        [r#"StatefulSet/shop/db: Claims { grown: [("data", "20Gi")], kept: [] }"#]
    );
    assert_eq!(told(&one, &stateful("db", &[("data", "10Gi"), ("log", "1Gi")])), ["StatefulSet/shop/db: Claims { grown: [], kept: [] }"]);
    let of_class = |claims| stateful("db", claims).replace("spec: {resources", "spec: {storageClassName: fast, resources");
    let kept = |grown| [format!(r#"StatefulSet/shop/db: Claims {{ grown: [{grown}], kept: ["data"] }}"#)];
    assert_eq!(told(&one, &of_class(&[("data", "10Gi")])), kept(""));
    assert_eq!(told(&one, &of_class(&[("data", "20Gi")])), kept(r#"("data", "20Gi")"#));
    assert_eq!(told(&one, &stateful("db", &[("data", "5Gi")])), [r#"StatefulSet/shop/db: LosesData(Claims(["data"]), [])"#]);
    assert_eq!(told(&one, &stateful("db", &[("other", "10Gi")])), [r#"StatefulSet/shop/db: LosesData(Claims(["data"]), [])"#]);
}

#[test]
fn an_autoscaler_takes_replicas_over() {
    let scaler = "---\napiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: web, namespace: shop}\nspec: {scaleTargetRef: {kind: Deployment, name: web}}\n";
    let (fixed, free) = (deployment("web", "web:v1", "replicas: 6,"), deployment("web", "web:v1", ""));
    assert_eq!(told(&fixed, &format!("{free}{scaler}")), ["Deployment/shop/web: HandOver { replicas: 6 }"]);
    // The way back: the autoscaler stays, and goes on scaling.
    let left = r#"HorizontalPodAutoscaler/shop/web: Left { objects: ["horizontalpodautoscaler.autoscaling/web"], successor: None, volumes: false }"#;
    assert_eq!(told(&format!("{free}{scaler}"), &fixed), [left]);
}

#[test]
fn what_leaves_the_documents_stays_in_the_cluster() {
    let before = deployment("web", "web:v1", "");
    let service =
        "---\napiVersion: v1\nkind: Service\nmetadata: {name: web, namespace: shop, labels: {platgen.io/workload: web}}\nspec: {}\n";
    let left = r#"Deployment/shop/web: Left { objects: ["deployment.apps/web", "service/web"], successor: None, volumes: false }"#;
    assert_eq!(told(&format!("{before}{service}"), ""), [left]);
    let left = r#"Deployment/shop/web: Left { objects: ["deployment.apps/web"], successor: Some("Deployment/shop/shop"), volumes: false }"#;
    assert_eq!(told(&before, &deployment("shop", "web:v2", "")), [left]);
    // Its name changes with its content.
    let versioned = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web-0a1b, namespace: shop}\nimmutable: true\n";
    assert_eq!(told(versioned, ""), Vec::<String>::new());
}

#[test]
fn what_a_controller_deletes_is_not_told() {
    let (app, marked) =
        (deployment("web", "web:v1", ""), "namespace: shop, annotations: {argocd.argoproj.io/sync-options: \"Prune=false,Delete=false\"}");
    assert_eq!(told_where(true, &app, ""), Vec::<String>::new());
    let claim = "---\napiVersion: v1\nkind: ServiceAccount\nmetadata: {name: web, MARK, labels: {platgen.io/workload: web}}\n"
        .replace("MARK", marked);
    let left = r#"ServiceAccount/shop/web: Left { objects: ["serviceaccount/web"], successor: None, volumes: false }"#;
    assert_eq!(told_where(true, &format!("{app}{claim}"), ""), [left]);
    // Data that a new object can't reach is told of all the same.
    let renamed = told_where(true, &stateful("db", &[("data", "10Gi")]), &stateful("orders", &[("data", "10Gi")]));
    assert_eq!(renamed, [r#"StatefulSet/shop/db: LosesData(Successor("StatefulSet/shop/orders"), ["statefulset.apps/db"])"#]);
}

#[test]
fn data_is_left_by_another_kind_name_or_region() {
    let store = stateful("db", &[("data", "10Gi")]);
    let moved = told(&store, "");
    assert_eq!(moved, [r#"StatefulSet/shop/db: LosesData(Region("b"), ["statefulset.apps/db"])"#]);
    let renamed = told(&store, &stateful("orders", &[("data", "10Gi")]));
    assert_eq!(renamed, [r#"StatefulSet/shop/db: LosesData(Successor("StatefulSet/shop/orders"), ["statefulset.apps/db"])"#]);
    let other = told(&store, &deployment("db", "db", ""));
    assert_eq!(other, [r#"StatefulSet/shop/db: LosesData(Successor("Deployment/shop/db"), ["statefulset.apps/db"])"#]);
    let other = told(&store, &store.replace("namespace: shop", "namespace: till"));
    assert_eq!(other, [r#"StatefulSet/shop/db: LosesData(Successor("StatefulSet/till/db"), ["statefulset.apps/db"])"#]);
}
#[test]
fn data_of_a_shared_volume_is_left_by_another_size_class_name_or_place() {
    let claim = |namespace: &str, name: &str, class: &str, size: &str| {
        format!(
            "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {{name: {name}, namespace: {namespace}}}\n\
             spec: {{storageClassName: {class}, resources: {{requests: {{storage: {size}}}}}}}\n"
        )
    };
    let old = claim("shop", "files", "efs", "10Gi");
    let losses = [
        (claim("shop", "files", "efs", "5Gi"), r#"Claim("/spec/resources/requests/storage"), []"#),
        (claim("shop", "files", "other", "10Gi"), r#"Claim("/spec/storageClassName"), []"#),
        (claim("shop", "media", "efs", "20Gi"), r#"Successor("PersistentVolumeClaim/shop/media"), ["persistentvolumeclaim/files"]"#),
        (claim("store", "files", "efs", "10Gi"), r#"Successor("PersistentVolumeClaim/store/files"), ["persistentvolumeclaim/files"]"#),
        (String::new(), r#"Region("b"), ["persistentvolumeclaim/files"]"#),
    ];
    for (after, loss) in losses {
        assert_eq!(told(&old, &after), [format!("PersistentVolumeClaim/shop/files: LosesData({loss})")]);
    }
    assert_eq!(told(&old, &claim("shop", "files", "efs", "20Gi")), Vec::<String>::new());
    // An app of the same name is another entry.
    let app = deployment("files", "web:v1", "");
    let both = told(&format!("{old}---\n{app}"), "");
    assert!(both.len() == 2 && both.iter().any(|one| one.contains("LosesData")), "{both:?}");
}

/// A Cluster of CloudNativePG with this image, these settings and these users.
fn database(name: &str, tag: &str, settings: &str, size: &str, users: &str) -> String {
    format!(
        "apiVersion: postgresql.cnpg.io/v1\nkind: Cluster\nmetadata: {{name: {name}, namespace: shop}}\nspec: {{imageName: \"pg:{tag}\", primaryUpdateMethod: \
         switchover, bootstrap: {{initdb: {{database: shop, owner: app}}}}, managed: {{roles: [{users}]}}, postgresql: {{parameters: {{{settings}}}}}, storage: {{size: {size}}}}}\n"
    )
}

#[test]
fn changes_of_a_database() {
    let (settings, users) = ("a: x", "{name: app}, {name: old}");
    let pinned = format!("17.11-a@sha256:{}", "0".repeat(64));
    let old = database("db", &pinned, settings, "10Gi", users);
    let of = |change: &str| [format!("Cluster/shop/db: {change}")];
    // Another minor version, a larger volume, another setting, a further user.
    assert_eq!(told(&old, &database("db", "17.12", settings, "20Gi", "{name: app}, {name: old}, {name: new}")), Vec::<String>::new());
    assert_eq!(told(&old, &old.replace("a: x", "a: z")), Vec::<String>::new());
    assert_eq!(told(&old, &database("db", "18", settings, "10Gi", users)), of("Upgrade { from: 17, to: 18 }"));
    assert_eq!(
        told(&old, &database("db", "16", settings, "10Gi", users)),
        of(r#"LosesData(Downgrade { engine: "PostgreSQL", from: "17", to: "16" }, [])"#)
    );
    assert_eq!(told(&old, &database("db", &pinned, settings, "5Gi", users)), of(r#"LosesData(Claim("/spec/storage/size"), [])"#));
    let both = of(r#"TwoSteps { settings: "{\"a\":null,\"b\":\"z\"}" }"#);
    assert_eq!(told(&old, &database("db", "17.12", "b: z", "10Gi", users)), both);
    assert_eq!(told(&old, &old.replace("database: shop", "database: till")), of(r#"ReadOnce("/spec/bootstrap/initdb/database")"#));
    assert_eq!(told(&old, &database("db", &pinned, settings, "10Gi", "{name: app}")), of(r#"Users(["old"])"#));
    // A standby takes over, or a database becomes one.
    let standby = old.replace(
        "bootstrap: {initdb: {database: shop, owner: app}}",
        "bootstrap: {recovery: {source: backups}}, replica: {enabled: true, source: backups}",
    );
    assert_eq!(told(&standby, &old), of("TakesOver"));
    assert_eq!(told(&old, &standby), of("LosesData(Standby, [])"));
    assert_eq!(told(&standby, &standby.replace("10Gi", "20Gi")), Vec::<String>::new());
    // A new name is a new database, and the volumes go with the old Cluster.
    let left = r#"LosesData(Successor("Cluster/shop/orders"), ["cluster.postgresql.cnpg.io/db"])"#;
    assert_eq!(told(&old, &database("orders", "17.11", settings, "10Gi", users)), of(left));
    let stateful = stateful("db", &[("data", "10Gi")]);
    let left = r#"StatefulSet/shop/db: LosesData(Successor("Cluster/shop/db"), ["statefulset.apps/db"])"#;
    assert_eq!(told(&stateful, &old), [left]);
}

#[test]
fn changes_of_queues() {
    let queues = |tag: &str, servers: u32, size: &str, user: &str| {
        format!(
            "apiVersion: rabbitmq.com/v1beta1\nkind: RabbitmqCluster\nmetadata: {{name: events, namespace: shop}}\nspec: {{image: \"rabbitmq:{tag}\", replicas: \
             {servers}, persistence: {{storage: {size}}}, secretBackend: {{externalSecret: {{name: events-default-user}}}}}}\n---\napiVersion: \
             external-secrets.io/v1\nkind: ExternalSecret\nmetadata: {{name: events-default-user, namespace: shop}}\nspec: {{target: {{template: {{data: \
             {{username: {user}, default_user.conf: x}}}}}}}}\n"
        )
    };
    let old = queues("4.2.9-management", 3, "10Gi", "app");
    let of = |change: &str| [format!("RabbitmqCluster/shop/events: {change}")];
    // Another release, the next series, a larger volume, more servers.
    assert_eq!(told(&old, &queues("4.2.10-management", 3, "20Gi", "app")), Vec::<String>::new());
    assert_eq!(told(&old, &queues("4.3.6-management", 5, "10Gi", "app")), Vec::<String>::new());
    let back = of(r#"LosesData(Downgrade { engine: "RabbitMQ", from: "4.2", to: "4.1" }, [])"#);
    assert_eq!(told(&old, &queues("4.1.8-management", 3, "10Gi", "app")), back);
    assert_eq!(told(&old, &queues("4.2.9-management", 3, "5Gi", "app")), of(r#"LosesData(Claim("/spec/persistence/storage"), [])"#));
    assert_eq!(told(&old, &queues("4.2.9-management", 1, "10Gi", "app")), of("Fewer { from: 3, to: 1 }"));
    assert_eq!(
        told(&old, &queues("4.2.9-management", 3, "10Gi", "web")),
        ["ExternalSecret/shop/events-default-user: OtherUser { store: \"events\", from: \"app\", to: \"web\" }"]
    );
    // Another engine under the same name starts empty.
    let left = r#"RabbitmqCluster/shop/events: LosesData(Successor("StatefulSet/shop/events"), ["rabbitmqcluster.rabbitmq.com/events"])"#;
    assert!(told(&old, &stateful("events", &[("data", "10Gi")])).contains(&left.to_owned()));
}

#[test]
fn changes_of_topics() {
    let topics = |version: &str, (voters, others): (u32, u32), size: &str| {
        let pool = |name: &str, roles: &str, servers: u32| {
            format!(
                "---\napiVersion: kafka.strimzi.io/v1\nkind: KafkaNodePool\nmetadata: {{name: {name}, namespace: shop, labels: {{strimzi.io/cluster: events}}}}\nspec: \
                 {{replicas: {servers}, roles: [{roles}], storage: {{type: jbod, volumes: [{{id: 0, size: {size}}}]}}}}\n"
            )
        };
        let kafka = format!(
            "apiVersion: kafka.strimzi.io/v1\nkind: Kafka\nmetadata: {{name: events, namespace: shop}}\nspec: {{kafka: {{version: {version}}}}}\n"
        );
        kafka + &pool("events", "controller, broker", voters) + &pool("events-brokers", "broker", others)
    };
    let old = topics("4.2.1", (3, 2), "10Gi");
    let of = |object: &str, change: &str| [format!("{object}/shop/events{change}")];
    // Another release, the next series, larger volumes, more servers.
    assert_eq!(told(&old, &topics("4.2.2", (3, 3), "20Gi")), Vec::<String>::new());
    assert_eq!(told(&old, &topics("4.3.1", (3, 2), "10Gi")), Vec::<String>::new());
    let back = of("Kafka", r#": LosesData(Downgrade { engine: "Kafka", from: "4.2", to: "4.1" }, [])"#);
    assert_eq!(told(&old, &topics("4.1.2", (3, 2), "10Gi")), back);
    let smaller =
        ["", "-brokers"].map(|pool| format!(r#"KafkaNodePool/shop/events{pool}: LosesData(Claim("/spec/storage/volumes/0/size"), [])"#));
    assert_eq!(told(&old, &topics("4.2.1", (3, 2), "5Gi")), smaller);
    assert_eq!(told(&old, &topics("4.2.1", (3, 0), "10Gi")), of("KafkaNodePool", "-brokers: Emptied { from: 2, to: 0 }"));
    assert_eq!(told(&old, &topics("4.2.1", (1, 2), "10Gi")), of("KafkaNodePool", ": Voters { from: 3, to: 1 }"));
    assert_eq!(
        told(&topics("4.2.1", (1, 0), "10Gi"), &topics("4.2.1", (3, 0), "10Gi")),
        of("KafkaNodePool", ": Voters { from: 1, to: 3 }")
    );
    // A new name is a new store, and the volumes stay with the old one.
    let renamed = told(&old, &old.replace("name: events", "name: log"));
    assert!(renamed.iter().any(|one| one.starts_with(r#"Kafka/shop/events: LosesData(Successor("Kafka/shop/log")"#)), "{renamed:?}");
}

#[test]
fn changes_of_transactions() {
    let store = |tag: &str, (servers, size): (u32, &str), users: &str| {
        format!(
            "apiVersion: pxc.percona.com/v1\nkind: PerconaXtraDBCluster\nmetadata: {{name: orders, namespace: shop}}\nspec: {{pxc: {{image: \"percona:{tag}\", size: \
             {servers}, volumeSpec: {{persistentVolumeClaim: {{resources: {{requests: {{storage: {size}}}}}}}}}}}, users: [{users}]}}\n"
        )
    };
    let owner = |user: &str, database: &str| format!("{{name: {user}, dbs: [{database}]}}");
    let both = owner("app", "shop") + ", {name: reports}";
    let old = store("8.4.7-7.1", (3, "10Gi"), &both);
    let of = |change: &str| [format!("PerconaXtraDBCluster/shop/orders: {change}")];
    // Another release, more servers or fewer, larger volumes, another user.
    assert_eq!(told(&old, &store("8.4.8-8.1", (5, "20Gi"), &(both.clone() + ", {name: audit}"))), Vec::<String>::new());
    assert_eq!(told(&old, &store("8.4.7-7.1", (1, "10Gi"), &both)), Vec::<String>::new());
    assert_eq!(
        told(&old, &store("8.0.44-35.1", (3, "10Gi"), &both)),
        of(r#"LosesData(Downgrade { engine: "MySQL", from: "8.4", to: "8.0" }, [])"#)
    );
    assert_eq!(
        told(&old, &store("8.4.7-7.1", (3, "5Gi"), &both)),
        of(r#"LosesData(Claim("/spec/pxc/volumeSpec/persistentVolumeClaim/resources/requests/storage"), [])"#)
    );
    assert_eq!(told(&old, &store("8.4.7-7.1", (3, "10Gi"), &owner("app", "shop"))), of(r#"Users(["reports"])"#));
    assert_eq!(
        told(&old, &store("8.4.7-7.1", (3, "10Gi"), &(owner("app", "bills") + ", {name: reports}"))),
        of(r#"OtherDatabase { from: "shop", to: "bills" }"#)
    );
    assert_eq!(
        told(&old, &store("8.4.7-7.1", (3, "10Gi"), &(owner("reports", "shop") + ", {name: app}"))),
        of(r#"FormerOwner { user: "app", database: "shop" }"#)
    );
    assert_eq!(told(&old, &store("8.4.7-7.1", (3, "10Gi"), &owner("reports", "shop"))), of(r#"Users(["app"])"#));
    // A new name is a new store, and the volumes stay with the old one.
    let renamed = told(&old, &old.replace("name: orders", "name: sales"));
    let left = r#"PerconaXtraDBCluster/shop/orders: LosesData(Successor("PerconaXtraDBCluster/shop/sales"), ["perconaxtradbcluster.pxc.percona.com/orders"])"#;
    assert_eq!(renamed, [left.to_owned()]);
}

#[test]
fn one_server_becomes_several() {
    let store = |replicas: u32, order: &str, beside: &str| {
        format!(
            "apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {{name: carts, namespace: shop}}\nspec: {{replicas: {replicas}, podManagementPolicy: {order}, template: {{spec: \
             {{initContainers: [{beside}], containers: [{{name: carts, image: \"redis:8.2\"}}]}}}}}}\n"
        )
    };
    let watched = "{name: sentinel, command: [sh, /platgen/servers.sh, sentinel]}";
    let (one, three) = (store(1, "OrderedReady", ""), store(3, "Parallel", watched));
    // The order of the start changes as well, and is not told beside it.
    assert_eq!(told(&one, &three), ["StatefulSet/shop/carts: Copied"]);
    assert_eq!(told(&three, &one), ["StatefulSet/shop/carts: Alone"]);
    assert_eq!(told(&store(1, "Parallel", ""), &three), ["StatefulSet/shop/carts: Copied"]);
    assert_eq!(told(&three, &store(5, "Parallel", watched)), Vec::<String>::new());
    let own = store(1, "OrderedReady", "{name: sentinel, command: [watch]}");
    assert_eq!(told(&own, &one), Vec::<String>::new());
}

#[test]
fn changes_of_collections() {
    let store = |tag: &str, (servers, size): (u32, &str), users: &str| {
        format!(
            "apiVersion: psmdb.percona.com/v1\nkind: PerconaServerMongoDB\nmetadata: {{name: orders, namespace: shop}}\nspec: {{image: \"percona:{tag}\", replsets: [{{name: \
             rs0, size: {servers}, volumeSpec: {{persistentVolumeClaim: {{resources: {{requests: {{storage: {size}}}}}}}}}}}], users: [{users}]}}\n"
        )
    };
    let user =
        |name: &str, database: &str, role: &str| format!("{{name: {name}, db: {database}, roles: [{{name: {role}, db: {database}}}]}}");
    let both = user("app", "shop", "dbOwner") + ", " + &user("reports", "shop", "read");
    let old = store("8.0.19-7", (3, "10Gi"), &both);
    let of = |change: &str| [format!("PerconaServerMongoDB/shop/orders: {change}")];
    // Another release, more servers or fewer, larger volumes, another user, and another owner: the operator gives and takes roles.
    assert_eq!(told(&old, &store("8.0.20-8", (5, "20Gi"), &(both.clone() + ", " + &user("audit", "shop", "read")))), Vec::<String>::new());
    assert_eq!(told(&old, &store("8.0.19-7", (1, "10Gi"), &both)), Vec::<String>::new());
    let swapped = user("app", "shop", "read") + ", " + &user("reports", "shop", "dbOwner");
    assert_eq!(told(&old, &store("8.0.19-7", (3, "10Gi"), &swapped)), Vec::<String>::new());
    assert_eq!(
        told(&old, &store("7.0.30-16", (3, "10Gi"), &both)),
        of(r#"LosesData(Downgrade { engine: "MongoDB", from: "8.0", to: "7.0" }, [])"#)
    );
    assert_eq!(
        told(&old, &store("8.0.19-7", (3, "5Gi"), &both)),
        of(r#"LosesData(Claim("/spec/replsets/0/volumeSpec/persistentVolumeClaim/resources/requests/storage"), [])"#)
    );
    assert_eq!(told(&old, &store("8.0.19-7", (3, "10Gi"), &user("app", "shop", "dbOwner"))), of(r#"Users(["shop.reports"])"#));
    // A user belongs to a database, so that all users of another one are new.
    assert_eq!(
        told(&old, &store("8.0.19-7", (3, "10Gi"), &both.replace("shop", "bills"))),
        [
            r#"PerconaServerMongoDB/shop/orders: OtherDatabase { from: "shop", to: "bills" }"#,
            r#"PerconaServerMongoDB/shop/orders: Users(["shop.app", "shop.reports"])"#
        ]
    );
    let renamed = told(&old, &old.replace("name: orders", "name: sales"));
    let left = r#"PerconaServerMongoDB/shop/orders: LosesData(Successor("PerconaServerMongoDB/shop/sales"), ["perconaservermongodb.psmdb.percona.com/orders"])"#;
    assert_eq!(renamed, [left.to_owned()]);
}

/// Its Service had the name before, and leads to another server now.
#[test]
fn a_store_that_a_service_takes_over_starts_empty() {
    let service = |kind: &str| {
        format!(
            "---\napiVersion: v1\nkind: Service\nmetadata: {{name: db, namespace: shop, labels: {{platgen.io/workload: db}}}}\nspec: {{type: {kind}}}\n"
        )
    };
    let store = stateful("db", &[("data", "10Gi")]);
    let out = service("ExternalName");
    let moved = told(&format!("{store}{}", service("ClusterIP")), &out);
    assert_eq!(moved, [r#"StatefulSet/shop/db: LosesData(Successor("Service/shop/db"), ["statefulset.apps/db"])"#]);
}
