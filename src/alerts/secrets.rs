//! Alerts on secrets, from what External Secrets Operator says of its objects. Its monitor keeps the namespace that its metrics name: that of the object.

use super::{Alert, Case, Owned, Page, Severity, Subject};
use crate::model::{AddonChart, Platform, Region};

pub(super) const SUBJECT: Subject = Subject { name: "secrets", title: "Secrets", alerts: ALERTS, replaces: &[] };

fn fetched(_: &Platform, region: &Region) -> bool {
    region.chart(AddonChart::ExternalSecrets).is_some()
}

const NAMESPACE: (&str, &str) = (r#"platgen:namespace:info{namespace="shop",owner="carts"}"#, "1x60");

const ALERTS: &[Alert] = &[
    Alert {
        name: "SecretNotFetched",
        expr: r#"(max by (namespace, name) (externalsecret_status_condition{condition="Ready",status="False"}) == 1)
            * on (namespace) group_left (owner) platgen:namespace:info"#,
        wait: "15m",
        severity: Severity::Warning,
        owned: Owned::Joined,
        applies: fetched,
        summary: "the secret {{ $labels.name }} in {{ $labels.namespace }} is not fetched",
        description: "External Secrets Operator has not been able to fetch {{ $labels.name }} in {{ $labels.namespace }} for 15 minutes.",
        page: Page {
            meaning: "A Secret that is there keeps its old values, and pods go on with them. Pods of a Secret that is not there don't start, which PodNotConfigured says as well.",
            look: &["@ describe externalsecrets.external-secrets.io \"$name\"", "@ get secretstores.external-secrets.io"],
            mend: "Its status has the answer of the secret manager: a secret or a key that nobody has written (`platgen secrets` lists them), or rights that are gone. Many at once: the SecretStore of the namespace, or the secret manager itself.",
        },
        fires: Case::fires(
            15,
            &[
                NAMESPACE,
                (
                    r#"externalsecret_status_condition{namespace="shop",name="cart",condition="Ready",status="False",pod="external-secrets-1"}"#,
                    "1x60",
                ),
                (
                    r#"externalsecret_status_condition{namespace="shop",name="cart",condition="Ready",status="True",pod="external-secrets-1"}"#,
                    "0x60",
                ),
            ],
            &[("namespace", "shop"), ("name", "cart"), ("owner", "carts")],
        ),
        silent: Case::silent(
            30,
            &[
                NAMESPACE,
                (
                    r#"externalsecret_status_condition{namespace="shop",name="cart",condition="Ready",status="False",pod="external-secrets-1"}"#,
                    "1x13 0x60",
                ),
                (
                    r#"externalsecret_status_condition{namespace="shop",name="cart",condition="Ready",status="True",pod="external-secrets-1"}"#,
                    "0x13 1x60",
                ),
            ],
        ),
    },
    Alert {
        name: "SecretsNotRefreshed",
        // A condition stays as it was when nobody looks any more. Each secret is fetched every hour.
        expr: "sum(increase(externalsecret_sync_calls_total[90m])) == 0",
        wait: "90m",
        severity: Severity::Warning,
        owned: Owned::Platform,
        applies: fetched,
        summary: "no secret is fetched any more",
        description: "External Secrets Operator runs, and has fetched no secret for three hours.",
        page: Page {
            meaning: "Pods go on with the values that they have. Values that change in the secret manager don't come.",
            look: &[
                "@@ --namespace external-secrets get pods",
                "@@ --namespace external-secrets logs deployment/external-secrets --tail 100",
            ],
            mend: "Its log says what it waits for. Restart its Deployment if it says nothing.",
        },
        fires: Case::fires(
            91,
            &[(r#"externalsecret_sync_calls_total{namespace="shop",name="cart",pod="external-secrets-1"}"#, "5x200")],
            &[],
        ),
        silent: Case::silent(
            240,
            &[(r#"externalsecret_sync_calls_total{namespace="shop",name="cart",pod="external-secrets-1"}"#, "1x59 2x59 3x59 4x59 5x59")],
        ),
    },
];
