//! The state of a root: in the bucket of its own environment, account and region, under a key that no other root has, encrypted and locked.

use super::super::Finding;
use super::Root;
use platgen::layers::Layer;
use serde_json::{Value, json};

pub(super) fn judge(root: &Root, found: &mut Vec<Finding>) {
    let (platform, region, account) = (root.platform, root.home(), root.account);
    let path = match root.layer {
        Layer::Global => format!("{}/global", platform.environment),
        Layer::Bootstrap => format!("bootstrap/{}", platform.environment),
        layer => format!("{}/{region}/{layer}", platform.environment),
    };
    let wanted = json!({
        "bucket": platform.state_bucket(account, region),
        "key": format!("{path}/terraform.tfstate"),
        "region": region,
        "encrypt": true,
        "kms_key_id": format!("arn:aws:kms:{region}:{account}:alias/{}", platform.state_key()),
        "use_lockfile": true,
    });
    let terraform = root.blocks("terraform", &[]);
    let backends: Vec<_> = terraform.flat_map(|(file, block)| block.inside("backend").map(move |backend| (file, backend))).collect();
    match &backends[..] {
        [(file, backend)] if backend.labels == ["s3"] => {
            root.expect(found, "wrong-state", ("backend", file), &Value::Object(backend.attributes.clone()), &wanted);
        }
        [(file, backend)] => {
            let message = format!("the state is kept by `{}`, where it should be `s3`", backend.labels.join("."));
            found.push(root.finding("wrong-state", "backend", file, message));
        }
        [] => found.push(root.finding("wrong-state", "backend", "", "nothing says where the state is kept".to_owned())),
        all => found.push(root.finding("wrong-state", "backend", all[1].0, format!("{} blocks say where the state is kept", all.len()))),
    }
}
