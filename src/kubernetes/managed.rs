//! Stores that a service of the cloud runs -> Services that lead to them under their own names, and the password of their administrator.

use serde::Serialize;

use super::metadata::{Context, Metadata, Owner, Texts, fragment};
use super::secrets;
use crate::labels::WORKLOAD;
use crate::model::Managed;
use crate::template::{TemplateError, render_yaml};
use crate::yaml::Document;

#[derive(Serialize)]
struct View<'m> {
    metadata: Metadata,
    host: String,
    port: Port<'m>,
}

#[derive(Serialize)]
struct Port<'m> {
    name: &'m str,
    number: u16,
}

/// A tag that RDS gives the secrets that it makes, with the ARN of the database.
const OF_DATABASE: &str = "aws:rds:primaryDBInstanceArn";

/// The start of the names of secrets that RDS makes for databases.
const NAMES: &str = "rds!db-";

/// The Services of a store: its own name, and further ones.
pub(super) fn documents(context: &Context, store: &Managed) -> Result<Vec<Document>, TemplateError> {
    let mut documents = Vec::new();
    for name in std::iter::once(&store.name).chain(&store.aliases) {
        let mut labels = context.labels(&store.owner);
        labels.extend([
            ("app.kubernetes.io/name", store.name.as_str()),
            ("app.kubernetes.io/instance", store.name.as_str()),
            ("app.kubernetes.io/component", "store"),
            (WORKLOAD, store.name.as_str()),
        ]);
        let metadata = Metadata::new(name.as_str(), Some(&store.namespace), fragment(&labels));
        let port = Port { name: store.engine.name(), number: store.port };
        documents.extend(render_yaml("kubernetes/external-name.yaml.j2", &View { metadata, host: store.host(context.region), port })?);
    }
    Ok(documents)
}

/// The ExternalSecret of the administrator's password, for the job that makes users. RDS makes up the name of the secret, and the value is JSON.
pub(super) fn administrator(owner: &Owner) -> Result<Vec<Document>, TemplateError> {
    let region = owner.context.region;
    let Some(store) = owner.workload.users_of.as_ref().and_then(|key| region.managed.get(key)) else { return Ok(Vec::new()) };
    let tags = Texts::from([(OF_DATABASE.to_owned(), store.arn(region))]);
    let template = Texts::from([("password".to_owned(), "{{ (.administrator | fromJson).password }}".to_owned())]);
    secrets::found(
        owner,
        &Managed::administrator_secret(store.name.as_str()),
        secrets::Search { path: NAMES, tags: fragment(&tags), name: "administrator" },
        template,
    )
}
