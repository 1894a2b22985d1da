//! A RabbitMQ store -> the RabbitmqCluster of the RabbitMQ Cluster Operator, which makes its pods, volumes, Services and service account, and the disruption
//! budget, which the operator does not make.

use serde::Serialize;

use super::cluster::Priority;
use super::container::{Resources, resources};
use super::metadata::{Metadata, Owner, REGISTRY, fragment};
use super::pod::{Condition, TolerationView, conditions, toleration};
use super::scale;
use super::secrets::UserSecret;
use crate::labels::NO_BACKUP;
use crate::model::{Operated, Volume, Workload};
use crate::template::{Fragment, TemplateError, render_yaml};
use crate::value::Name;
use crate::yaml::Document;

#[derive(Serialize)]
struct View<'m> {
    metadata: Metadata,
    replicas: u32,
    image: &'m str,
    /// The Secret with which its pods pull images.
    registry: Option<&'static str>,
    grace: u64,
    /// The Secret of the user.
    secret: String,
    size: String,
    resources: Option<Resources>,
    /// The lines of the file of settings.
    settings: String,
    conditions: Vec<Condition>,
    /// Whether each server waits for a zone of its own.
    one_per_zone: bool,
    /// Whether servers keep apart where they can.
    spread: bool,
    selector: Fragment,
    tolerations: Option<Vec<TolerationView<'m>>>,
    /// The labels of the pods, beside those of the operator.
    labels: Fragment,
    annotations: Option<Fragment>,
    priority: String,
}

/// The RabbitmqCluster and its budget.
pub(super) fn documents(owner: &Owner, operated: &Operated) -> Result<Vec<Document>, TemplateError> {
    let (context, workload) = (owner.context, owner.workload);
    let size = workload.volumes.iter().find_map(|volume| match volume {
        Volume::Claim { size, .. } => Some(size.canonical()),
        Volume::Tmp { .. } | Volume::Shared { .. } | Volume::Host(_) => None,
    });
    let several = workload.replicas.0 > 1;
    let tolerations: Vec<TolerationView> = workload.placement.tolerations.iter().map(toleration).collect();
    let view = View {
        metadata: owner
            .metadata(workload.name.as_str())
            .with_annotations(&workload.annotations)
            .annotated(NO_BACKUP, workload.backups.reason()),
        replicas: workload.replicas.0,
        image: &workload.main.image,
        registry: context.region.cluster.registry_secret.is_some().then_some(REGISTRY),
        grace: workload.grace,
        secret: operated.users.first().map(|user| operated.software.secret(&workload.name, &user.name)).unwrap_or_default(),
        size: size.unwrap_or_default(),
        resources: resources(&workload.main),
        settings: operated.parameters.iter().map(|(name, value)| format!("{name} = {value}\n")).collect(),
        conditions: conditions(workload),
        one_per_zone: several && operated.one_per_zone,
        spread: several && !operated.one_per_zone,
        selector: owner.selector.clone(),
        tolerations: (!tolerations.is_empty()).then_some(tolerations),
        labels: fragment(&context.inherited_labels(workload)),
        annotations: (!workload.annotations.is_empty()).then(|| fragment(&workload.annotations)),
        priority: Priority::of(workload, context.flows).class(context),
    };
    let mut documents = render_yaml("kubernetes/rabbitmq.yaml.j2", &view)?;
    documents.extend(scale::budget(owner)?);
    Ok(documents)
}

/// The Secret of the user, in the form that the operator makes itself where it makes the user. Its file is one of settings, in which `#` starts a comment
/// unless quotes are around the value.
pub(super) fn user_secret(workload: &Workload, name: &Name) -> UserSecret {
    let host = format!("{}.{}.svc", workload.name, workload.namespace);
    let file = format!("default_user = '{name}'\ndefault_pass = '{{{{ .password }}}}'\n");
    UserSecret {
        r#type: "Opaque",
        entries: vec![
            ("default_user.conf", file),
            ("host", host),
            ("password", "{{ .password }}".to_owned()),
            ("port", "5672".to_owned()),
            ("provider", "rabbitmq".to_owned()),
            ("type", "rabbitmq".to_owned()),
            ("username", name.to_string()),
        ],
        label: None,
    }
}
