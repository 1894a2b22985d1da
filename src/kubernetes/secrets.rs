//! References to the secret manager -> SecretStore and ExternalSecret. platgen never reads the values.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::json;

use super::metadata::{Account, Context, Metadata, Owner, REGISTRY, Texts};
use crate::labels;
use crate::model::{Namespace, Operated, SECRET_READER, SecretStore, TemplatePart, User};
use crate::provider::Provider;
use crate::template::{Fragment, TemplateError, render_yaml};
use crate::value::{Name, SecretPath, SecretRef};
use crate::yaml::Document;

/// The type of Secrets for programs.
const OPAQUE: &str = "Opaque";

/// A value of a workload's Secret.
pub(super) struct Entry {
    pub(super) key: String,
    pub(super) value: Value,
}

/// The origin of a value.
pub(super) enum Value {
    /// One value of the manager, unchanged.
    Whole(SecretRef),
    /// Text around values.
    Template(Vec<TemplatePart>),
}

/// A value to fetch: its name in the Secret, and its path in the manager, with a property if the value is not the whole secret.
#[derive(Serialize)]
struct Fetch {
    name: String,
    key: String,
    property: Option<String>,
}

/// The Secret that an ExternalSecret makes.
#[derive(Serialize)]
struct Target {
    name: String,
    labels: Fragment,
    r#type: &'static str,
}

/// An ExternalSecret.
#[derive(Serialize)]
struct View {
    metadata: Metadata,
    store: &'static str,
    target: Target,
    template: Option<Texts>,
    /// The path of a secret whose keys are all fetched.
    whole: Option<String>,
    /// The only secret that a search finds.
    found: Option<Search>,
    data: Option<Vec<Fetch>>,
}

/// A search for one secret.
#[derive(Serialize)]
pub(super) struct Search {
    /// The start of its name.
    pub(super) path: &'static str,
    /// Its tags.
    pub(super) tags: Fragment,
    /// What its value is called in the template.
    pub(super) name: &'static str,
}

impl View {
    fn new(metadata: Metadata, r#type: &'static str, template: Option<Texts>, data: Vec<Fetch>) -> Self {
        let target = Target { name: metadata.name.clone(), labels: metadata.labels.clone(), r#type };
        View { metadata, store: SECRET_READER, target, template, whole: None, found: None, data: (!data.is_empty()).then_some(data) }
    }
}

/// The ExternalSecret of a workload.
pub(super) fn external_secret(owner: &Owner, name: &str, entries: &[Entry]) -> Result<Vec<Document>, TemplateError> {
    let fetch = |name: &str, reference: &SecretRef| Fetch {
        name: name.to_owned(),
        key: owner.context.secret_name(reference.path()),
        property: Some(reference.key().to_owned()),
    };
    let templated = entries.iter().any(|entry| matches!(entry.value, Value::Template(_)));
    let mut data = Vec::new();
    let mut template = Texts::new();
    // Names of the values in templates. Each value is fetched once.
    let mut names: BTreeMap<&SecretRef, String> = BTreeMap::new();
    let mut named = |reference, data: &mut Vec<Fetch>| {
        let next = format!("value{}", names.len() + 1);
        names.entry(reference).or_insert_with(|| {
            data.push(fetch(&next, reference));
            next
        });
        names[reference].clone()
    };
    for entry in entries {
        match &entry.value {
            Value::Whole(reference) if !templated => data.push(fetch(&entry.key, reference)),
            Value::Whole(reference) => {
                let name = named(reference, &mut data);
                template.insert(entry.key.clone(), format!("{{{{ .{name} }}}}"));
            }
            Value::Template(parts) => {
                let mut text = String::new();
                for part in parts {
                    match part {
                        TemplatePart::Text(literal) => text.push_str(&escape(literal)),
                        // `urlquery` encodes a space as `+`, which means a plus outside of queries.
                        TemplatePart::Secret { reference, in_url: true } => {
                            text.push_str(&format!("{{{{ .{} | urlquery | replace \"+\" \"%20\" }}}}", named(reference, &mut data)));
                        }
                        TemplatePart::Secret { reference, in_url: false } => {
                            text.push_str(&format!("{{{{ .{} }}}}", named(reference, &mut data)))
                        }
                    }
                }
                template.insert(entry.key.clone(), text);
            }
        }
    }
    let view = View::new(owner.metadata(name), OPAQUE, templated.then_some(template), data);
    render_yaml("kubernetes/external-secret.yaml.j2", &view)
}

/// Escapes literal text for a Go template: a brace that could open an action is printed by an action.
fn escape(literal: &str) -> String {
    let mut out = String::new();
    let mut characters = literal.chars().peekable();
    while let Some(character) = characters.next() {
        match (character, characters.peek()) {
            ('{', None | Some('{')) => out.push_str("{{ \"{\" }}"),
            _ => out.push(character),
        }
    }
    out
}

/// The ExternalSecret of a whole secret, each key of which becomes an entry.
pub(super) fn whole_secret(owner: &Owner, name: &str, path: &SecretPath) -> Result<Vec<Document>, TemplateError> {
    let whole = owner.context.secret_name(path.as_str());
    let view = View { whole: Some(whole), ..View::new(owner.metadata(name), OPAQUE, None, Vec::new()) };
    render_yaml("kubernetes/external-secret.yaml.j2", &view)
}

/// The ExternalSecret of a secret that is searched for. The template makes the entries.
pub(super) fn found(owner: &Owner, name: &str, search: Search, template: Texts) -> Result<Vec<Document>, TemplateError> {
    let view = View { found: Some(search), ..View::new(owner.metadata(name), OPAQUE, Some(template), Vec::new()) };
    render_yaml("kubernetes/external-secret.yaml.j2", &view)
}

/// The Secret of a user as its operator reads it. In the texts, `{{ .password }}` is the password.
pub(super) struct UserSecret {
    /// The type.
    pub(super) r#type: &'static str,
    /// The entries.
    pub(super) entries: Vec<(&'static str, String)>,
    /// A label for the operator.
    pub(super) label: Option<(&'static str, &'static str)>,
}

/// The ExternalSecrets of the users of a store that an operator runs. `secret` makes the Secret of a user.
pub(super) fn users(owner: &Owner, operated: &Operated, secret: impl Fn(&Name) -> UserSecret) -> Result<Vec<Document>, TemplateError> {
    let mut documents = Vec::new();
    for User { name, password } in &operated.users {
        let (called, secret) = (operated.software.secret(&owner.workload.name, name), secret(name));
        let template = secret.entries.into_iter().map(|(key, text)| (key.to_owned(), text)).collect();
        let data = vec![Fetch {
            name: "password".to_owned(),
            key: owner.context.secret_name(password.path()),
            property: Some(password.key().to_owned()),
        }];
        let mut view = View::new(owner.metadata(called), secret.r#type, Some(template), data);
        if let Some((key, value)) = secret.label {
            let mut labels = view.target.labels.document().to_json();
            labels[key] = json!(value);
            view.target.labels = Fragment::from_json(&labels);
        }
        documents.extend(render_yaml("kubernetes/external-secret.yaml.j2", &view)?);
    }
    Ok(documents)
}

/// The ExternalSecret of the users of an operator, each with its password.
pub(super) fn system_users(owner: &Owner, name: &str, users: &[(&'static str, SecretRef)]) -> Result<Vec<Document>, TemplateError> {
    let entries: Vec<Entry> =
        users.iter().map(|(user, password)| Entry { key: (*user).to_owned(), value: Value::Whole(password.clone()) }).collect();
    external_secret(owner, name, &entries)
}

/// The ExternalSecret of the users of an operator that reads names as well as passwords. Each has the start of its keys, its name, and its password.
pub(super) fn named_system_users<'r>(
    owner: &Owner,
    name: &str,
    users: impl Iterator<Item = (&'static str, &'static str, &'r SecretRef)>,
) -> Result<Vec<Document>, TemplateError> {
    let entries = |(start, user, password): (&'static str, &'static str, &SecretRef)| {
        let named = Value::Template(vec![TemplatePart::Text(user.to_owned())]);
        [(format!("{start}_USER"), named), (format!("{start}_PASSWORD"), Value::Whole(password.clone()))]
    };
    let entries: Vec<Entry> = users.flat_map(entries).map(|(key, value)| Entry { key, value }).collect();
    external_secret(owner, name, &entries)
}

/// An ExternalSecret for programs of a namespace that no entry of the spec has. The template, if there is one, makes the entries of the values.
pub(super) fn of_namespace(
    context: &Context,
    metadata: Metadata,
    template: Option<Texts>,
    values: Vec<(String, &SecretRef)>,
) -> Result<Vec<Document>, TemplateError> {
    let fetch = |(name, reference): (String, &SecretRef)| {
        let (key, property) = (context.secret_name(reference.path()), Some(reference.key().to_owned()));
        Fetch { name, key, property }
    };
    let data = values.into_iter().map(fetch).collect();
    render_yaml("kubernetes/external-secret.yaml.j2", &View::new(metadata, OPAQUE, template, data))
}

/// The ExternalSecret of a namespace with the passwords of the registries. The whole secret is the text of one entry; a Secret of the cluster has the entry
/// itself.
fn registry(context: &Context, namespace: &Namespace, path: &SecretPath) -> Result<Vec<Document>, TemplateError> {
    const CONFIG: &str = ".dockerconfigjson";
    let property = is_in_cluster(context).then(|| CONFIG.to_owned());
    let data = vec![Fetch { name: CONFIG.to_owned(), key: context.secret_name(path.as_str()), property }];
    let view = View::new(context.shared(namespace, REGISTRY), "kubernetes.io/dockerconfigjson", None, data);
    render_yaml("kubernetes/external-secret.yaml.j2", &view)
}

/// Whether the secret manager is the cluster itself.
fn is_in_cluster(context: &Context) -> bool {
    matches!((context.platform.secrets.store, context.region.provider), (SecretStore::Cloud, Provider::Kind | Provider::Existing))
}

/// The SecretStore of a namespace in which something reads secrets, its account, and the passwords of the registries.
pub(super) fn store(context: &Context, namespace: &Namespace) -> Result<Vec<Document>, TemplateError> {
    #[derive(Serialize)]
    struct Store {
        metadata: Metadata,
        provider: serde_json::Value,
    }
    #[derive(Serialize)]
    struct Reader<'m> {
        metadata: Metadata,
        name: &'static str,
        namespace: &'m str,
        secrets: BTreeSet<String>,
        account: &'static str,
    }
    let paths = context.platform.secrets_of(context.region, namespace);
    let keys: BTreeSet<String> = paths.into_iter().map(|path| context.secret_name(path)).collect();
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    let account = context.shared(namespace, SECRET_READER).annotated(labels::IAM_ROLE, reader_role(context, namespace).as_deref());
    let mut documents = render_yaml("kubernetes/service-account.yaml.j2", &Account::new(context, account))?;
    let view = Store { metadata: context.shared(namespace, SECRET_READER), provider: provider(context, namespace) };
    documents.extend(render_yaml("kubernetes/secret-store.yaml.j2", &view)?);
    if is_in_cluster(context) {
        let name = "platgen-secrets";
        let metadata = context.shared(namespace, name);
        let view = Reader { metadata, name, namespace: namespace.name.as_str(), secrets: keys, account: SECRET_READER };
        documents.extend(render_yaml("kubernetes/secret-reader.yaml.j2", &view)?);
    }
    if let Some(path) = &context.region.cluster.registry_secret {
        documents.extend(registry(context, namespace, path)?);
    }
    Ok(documents)
}

/// The AWS role that the account of a namespace's SecretStore assumes. Other clouds have none.
fn reader_role(context: &Context, namespace: &Namespace) -> Option<String> {
    let (SecretStore::Cloud, Provider::Aws) = (context.platform.secrets.store, context.region.provider) else { return None };
    let account = context.region.account.as_ref()?;
    Some(format!("arn:aws:iam::{account}:role/{}", context.region.secrets_role(namespace.name.as_str())))
}

/// The `provider` of a SecretStore, a one-of, so it is one value.
fn provider(context: &Context, namespace: &Namespace) -> serde_json::Value {
    let account = json!({"name": SECRET_READER});
    let cluster = &context.region.cluster.name;
    let project = context.region.account.clone().unwrap_or_default();
    match (context.platform.secrets.store, context.region.provider) {
        (SecretStore::Vault, _) => {
            let (server, path, role) = context.platform.secrets.vault.clone().unwrap_or_default();
            let auth = json!({"kubernetes": {"mountPath": "kubernetes", "role": role, "serviceAccountRef": account}});
            json!({"vault": {"server": server, "path": path, "version": "v2", "auth": auth}})
        }
        (SecretStore::Cloud, Provider::Aws) => {
            let auth = json!({"jwt": {"serviceAccountRef": account}});
            json!({"aws": {"service": "SecretsManager", "region": context.region.name, "auth": auth}})
        }
        (SecretStore::Cloud, Provider::Google) => {
            let identity = json!({"clusterLocation": context.region.name, "clusterName": cluster, "serviceAccountRef": account});
            json!({"gcpsm": {"projectID": project, "auth": {"workloadIdentity": identity}}})
        }
        (SecretStore::Cloud, Provider::Azure) => {
            let vault = format!("https://{}.vault.azure.net", context.region.key_vault());
            json!({"azurekv": {"authType": "WorkloadIdentity", "vaultUrl": vault, "serviceAccountRef": account}})
        }
        (SecretStore::Cloud, Provider::Kind | Provider::Existing) => {
            let authority = json!({"type": "ConfigMap", "name": "kube-root-ca.crt", "key": "ca.crt"});
            let auth = json!({"serviceAccount": account});
            json!({"kubernetes": {"remoteNamespace": namespace.name, "server": {"caProvider": authority}, "auth": auth}})
        }
    }
}

#[cfg(test)]
mod tests {
    use super::escape;

    #[test]
    fn braces_cannot_open_an_action() {
        assert_eq!(escape("a{b}c"), "a{b}c");
        assert_eq!(escape("{{ x }}"), "{{ \"{\" }}{ x }}");
        assert_eq!(escape("{{{"), "{{ \"{\" }}{{ \"{\" }}{{ \"{\" }}");
        assert_eq!(escape("a{"), "a{{ \"{\" }}");
    }
}
