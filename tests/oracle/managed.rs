//! Presence: a store that a service of the cloud runs has its names in its namespace, each a Service that leads to the private name, and the job that makes
//! its users reads the password of its administrator.

use super::Finding;
use super::compare::expect;
use super::context::RegionContext;
use platgen::inventory::Object;
use platgen::model::Managed;
use serde_json::json;

/// The store of whose names a Service is.
fn store_of<'a>(context: &'a RegionContext, service: &Object) -> Option<&'a Managed> {
    context.region.managed.values().find(|store| {
        let mut names = std::iter::once(&store.name).chain(&store.aliases);
        store.namespace.as_str() == service.namespace && names.any(|name| name.as_str() == service.name)
    })
}

/// Whether a Service of no workload is that of a store.
pub(super) fn is_wanted(context: &RegionContext, service: &Object) -> bool {
    store_of(context, service).is_some()
}

pub(super) fn judge(context: &RegionContext, found: &mut Vec<Finding>) {
    let region = context.region;
    for store in region.managed.values() {
        let (namespace, cluster) = (store.namespace.as_str(), &region.cluster.name);
        for name in std::iter::once(&store.name).chain(&store.aliases) {
            let Some(service) = context.inventory.get("Service", namespace, name.as_str()) else {
                let message = format!("`{namespace}/{}` has no Service `{name}`", store.name);
                found.push(context.about("wrong-service", &format!("Service/{namespace}/{name}"), message));
                continue;
            };
            let port = if store.engine.name() == "mysql" { 3306 } else { 5432 };
            for (place, wanted) in [
                ("/spec/type", json!("ExternalName")),
                ("/spec/externalName", json!(format!("{}.{namespace}.{cluster}.internal", store.name))),
                ("/spec/ports", json!([{"name": store.engine.name(), "port": port, "targetPort": port, "protocol": "TCP"}])),
            ] {
                expect(context, found, "wrong-service", service, place, &wanted);
            }
        }
        let secret = format!("{}.administrator", store.name);
        let Some(external) = context.inventory.get("ExternalSecret", namespace, &secret) else {
            let message = format!("the password of the administrator of `{namespace}/{}` is not there", store.name);
            found.push(context.about("wrong-secrets", &format!("ExternalSecret/{namespace}/{secret}"), message));
            continue;
        };
        let arn = format!("arn:aws:rds:{}:{}:db:{}", region.name, region.account.as_deref().unwrap_or_default(), store.id);
        let search = json!([{
            "find": {"path": "rds!db-", "tags": {"aws:rds:primaryDBInstanceArn": arn}},
            "rewrite": [{"regexp": {"source": "^.*$", "target": "administrator"}}],
        }]);
        for (place, wanted) in [
            ("/spec/dataFrom", search),
            ("/spec/target/name", json!(secret)),
            ("/spec/target/template/data", json!({"password": "{{ (.administrator | fromJson).password }}"})),
        ] {
            expect(context, found, "wrong-secrets", external, place, &wanted);
        }
    }
}
