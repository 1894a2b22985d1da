//! What cannot be had again is not destroyed by an apply that nobody read: `prevent_destroy` stands in no plan, so that the text is asked.

use super::super::Finding;
use super::Root;
use platgen::layers::Layer;
use serde_json::json;

/// Types whose loss no apply brings back, and what is lost with one.
const GUARDED: [(&str, &str); 6] = [
    ("aws_eip", "addresses that partners may have allowed"),
    ("aws_eks_cluster", "everything that runs in it"),
    ("aws_kms_key", "everything that it encrypts"),
    ("aws_route53_zone", "every host until the parent names other servers"),
    ("aws_s3_bucket", "its objects, or the knowledge of what Terraform has built"),
    ("aws_vpc", "everything that stands in it"),
];

pub(super) fn judge(root: &Root, found: &mut Vec<Finding>) {
    for (kind, loss) in GUARDED {
        for (file, block) in root.blocks("resource", &[kind]) {
            let guarded = block.inside("lifecycle").any(|lifecycle| lifecycle.get("prevent_destroy") == &json!(true));
            let address = block.labels.join(".");
            let environment = &root.platform.environment;
            // States are of use in every environment, and so are the objects of apps.
            let always = matches!(root.layer, Layer::Bootstrap | Layer::Data);
            let message = match (root.platform.protected || always, guarded) {
                (true, false) => format!("`{address}` may be destroyed, and with it {loss}, though nobody may in `{environment}`"),
                (false, true) => format!("`{address}` cannot be destroyed, though `{environment}` is not protected"),
                _ => continue,
            };
            found.push(root.finding("unguarded-resource", &address, file, message));
        }
    }
}
