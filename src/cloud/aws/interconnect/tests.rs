use crate::cloud::{self, Root};
use crate::layers::Layer;
use crate::tests::estate::estate;

/// Three regions, in another order than that of their names; the platform's own network has a NAT gateway per zone in `production` alone.
const SPEC: &str = r#"
apiVersion: platgen/v1
platform: {name: shop, owner: sre, domain: shop.example}
cloud: {provider: aws, accounts: {dev: "111111111111", production: "222222222222"}, state: {region: eu-west-1}}
regions: {eu-west-1: {zones: 2}, eu-central-1: {zones: 2}, us-east-1: {zones: 2}, desk: {zones: 1, provider: existing}}
environments:
  dev: {regions: [eu-west-1, desk]}
  production: {regions: [us-east-1, eu-west-1, eu-central-1, desk], protected: true}
network: {subnets: {general: {default: true}, data: {egress: none}}}
cluster: {version: "1.35"}
access: {groups: {sre: {id: platform-admin, role: admin}}}
teams: {sre: {group: sre}}
namespaces: {shop: {owner: sre}}
apps:
  web: {image: "registry.example/web:v1", port: 8080, probes: {ready: /ready, live: /live}}
"#;

fn roots(spec: &str, environment: &str) -> Vec<Root> {
    let estate = estate(spec);
    let roots = cloud::roots(&estate.environments[environment]).unwrap();
    roots.into_iter().filter(|root| root.layer == Layer::Interconnect).collect()
}

#[test]
fn every_pair_of_regions_has_a_root_whose_state_is_in_its_first_region() {
    let known = |root: &Root| (root.folder(), root.state.region.clone(), root.state.bucket.clone());
    let wanted =
        [("eu-central-1--eu-west-1", "eu-central-1"), ("eu-central-1--us-east-1", "eu-central-1"), ("eu-west-1--us-east-1", "eu-west-1")];
    let wanted = wanted.map(|(pair, region)| {
        let bucket = format!("shop-production-{region}-state-222222222222");
        (format!("terraform/production/interconnect/{pair}"), region.to_owned(), bucket)
    });
    assert_eq!(roots(SPEC, "production").iter().map(known).collect::<Vec<_>>(), wanted);
    // One region on AWS has nothing to be linked to.
    assert!(roots(SPEC, "dev").is_empty());
}

#[test]
fn a_new_region_leaves_the_other_pairs_as_they_are() {
    let fewer = SPEC.replace("[us-east-1, eu-west-1, eu-central-1, desk]", "[eu-west-1, eu-central-1]");
    let (few, many) = (roots(&fewer, "production"), roots(SPEC, "production"));
    assert_eq!((few.len(), many.len()), (1, 3));
    assert_eq!(few[0].folder(), many[0].folder());
}

#[test]
fn every_route_table_but_the_public_one_leads_to_the_other_region() {
    let tables = |spec: &str| -> Vec<String> {
        let text = &roots(spec, "production")[0].files["locals.tf"];
        let body: hcl_edit::structure::Body = text.parse().unwrap();
        let locals = body.get_blocks("locals").next().unwrap();
        let map = locals.body.get_attribute("route_tables").unwrap().value.as_object().unwrap();
        map.iter().map(|(key, _)| key.as_expr().and_then(|key| key.as_str()).unwrap().to_owned()).collect()
    };
    let closed_and = |each: &dyn Fn(&str) -> Vec<String>| -> Vec<String> {
        ["eu-central-1", "eu-west-1"].iter().flat_map(|region| [vec![format!("{region}/closed")], each(region)].concat()).collect()
    };
    let zones = |zones: &'static [&str]| move |region: &str| zones.iter().map(|zone| format!("{region}/private/{region}{zone}")).collect();
    assert_eq!(tables(SPEC), closed_and(&zones(&["a", "b"])));
    // With one NAT gateway for all zones, all private subnets share a table; without a way to the internet there is none.
    assert_eq!(tables(&SPEC.replace("network: {", "network: {nat: one, ")), closed_and(&zones(&["a"])));
    assert_eq!(tables(&SPEC.replace("{default: true}", "{default: true, egress: none}")), closed_and(&zones(&[])));
}
