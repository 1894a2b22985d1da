//! The identities of pipelines in a planned bootstrap root, read from its plan: whose tokens take which role, and what the evaluator of policies says of
//! each role within its boundary. In the other roots: every role has the boundary, and a name that pipelines may give. A difference is a finding of
//! tfcheck's rule `pipelines`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::iam::{fits, texts};
use super::judge::{Fault, list, words};
use super::pipelines_requests::{self, DataRoot, Place};

/// For whom a token has to be.
const AUDIENCE: &str = "sts.amazonaws.com";

/// The longest policy, without blanks.
const LONGEST: usize = 6144;

/// The subjects that may take a role in the specs that name a repository, and the reference where AWS reads it: exactly these.
const TRUSTED: &[(&str, &[&str], Option<&str>)] = &[
    ("boutique-dev-pipeline-apply", &["repo:boutique-example/platform:environment:dev"], Some("refs/heads/develop")),
    ("boutique-beta-pipeline-apply", &["repo:boutique-example/platform:environment:beta"], Some("refs/heads/beta")),
    ("boutique-production-pipeline-apply", &["repo:boutique-example/platform:environment:production"], Some("refs/heads/main")),
    (
        "boutique-dev-pipeline-plan",
        &["repo:boutique-example/platform:pull_request", "repo:boutique-example/platform:ref:refs/heads/develop"],
        None,
    ),
    (
        "boutique-beta-pipeline-plan",
        &["repo:boutique-example/platform:pull_request", "repo:boutique-example/platform:ref:refs/heads/beta"],
        None,
    ),
    (
        "boutique-production-pipeline-plan",
        &["repo:boutique-example/platform:pull_request", "repo:boutique-example/platform:ref:refs/heads/main"],
        None,
    ),
    ("depot-beta-pipeline-apply", &["repo:depot/platform:environment:beta"], Some("refs/heads/beta")),
    ("depot-production-pipeline-apply", &["repo:depot/platform:environment:production"], Some("refs/heads/main")),
    ("depot-beta-pipeline-plan", &["repo:depot/platform:pull_request", "repo:depot/platform:ref:refs/heads/beta"], None),
    ("depot-production-pipeline-plan", &["repo:depot/platform:pull_request", "repo:depot/platform:ref:refs/heads/main"], None),
    ("atelier-beta-pipeline-apply", &["project_path:atelier/platform:ref_type:branch:ref:beta"], None),
    ("atelier-production-pipeline-apply", &["project_path:atelier/platform:ref_type:branch:ref:main"], None),
    ("atelier-beta-pipeline-plan", &["project_path:atelier/platform:ref_type:branch:ref:*"], None),
    ("atelier-production-pipeline-plan", &["project_path:atelier/platform:ref_type:branch:ref:*"], None),
];

/// What stands beside a bootstrap root: the regions of the environment, and what its root `global` makes.
pub struct Beside {
    environment: String,
    regions: BTreeSet<String>,
    /// The domain of its zone, or nothing.
    domain: String,
    leads: bool,
    /// Its roots `data`.
    data: Vec<DataRoot>,
}

/// What the locals of a root `data` say: the buckets stand before the copies elsewhere.
fn data_root(region: String, locals: &str) -> DataRoot {
    let value = |line: &str| line.split('"').nth(1).map(str::to_owned);
    let own = locals.split("\n  copies = {").next().unwrap_or_default();
    let names = own.lines().filter(|line| line.starts_with("      name "));
    let copier = locals.lines().find(|line| line.starts_with("  copier ")).and_then(value);
    let databases = locals.lines().filter(|line| line.starts_with("      id "));
    DataRoot { region, buckets: names.filter_map(value).collect(), copier, databases: databases.filter_map(value).collect() }
}

fn document(resource: &Value, key: &str) -> Result<Value, String> {
    serde_json::from_str(&words(&resource["after"][key])).map_err(|error| format!("{}: {error}", words(&resource["address"])))
}

/// What is wrong with the tokens that may take a role.
fn trust(role: &Value, account: &str) -> Result<Vec<String>, String> {
    let name = words(&role["after"]["name"]);
    let policy = document(role, "assume_role_policy")?;
    let [statement] = list(&policy["Statement"]) else { return Ok(vec!["it has another number of trusts than one".to_owned()]) };
    let mut wrong = Vec::new();
    let mut expect = |fine: bool, said: &str| {
        if !fine {
            wrong.push(said.to_owned())
        }
    };
    let provider = words(&statement["Principal"]["Federated"]);
    let issuer = provider.strip_prefix(&format!("arn:aws:iam::{account}:oidc-provider/")).unwrap_or_default().to_owned();
    expect(
        !issuer.is_empty() && statement["Principal"].as_object().is_some_and(|all| all.len() == 1),
        "others than a provider of tokens take it",
    );
    expect(
        statement["Action"] == "sts:AssumeRoleWithWebIdentity" && statement["Effect"] == "Allow",
        "it is taken in another way than with a token",
    );
    let mut claims: BTreeMap<String, (String, Vec<String>)> = BTreeMap::new();
    for (operator, keys) in statement["Condition"].as_object().into_iter().flatten() {
        for (key, values) in keys.as_object().into_iter().flatten() {
            let claim = key.strip_prefix(&format!("{issuer}:")).unwrap_or(key).to_owned();
            claims.insert(claim, (operator.clone(), texts(values)));
        }
    }
    let equal = |claim: &str| claims.get(claim).filter(|(operator, _)| operator == "StringEquals").map(|(_, values)| values.clone());
    expect(equal("aud") == Some(vec![AUDIENCE.to_owned()]), "it takes tokens that are meant for others");
    let subjects = claims.get("sub").cloned().unwrap_or_default();
    // Whatever the pattern, one repository is meant: its path ends at the first colon after it.
    let one_repository = |subject: &String| {
        let mut parts = subject.split(':');
        let (claim, path) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        ["repo", "project_path"].contains(&claim) && path.contains('/') && !path.contains(['*', '?']) && parts.next().is_some()
    };
    expect(!subjects.1.is_empty() && subjects.1.iter().all(one_repository), "it takes tokens of other repositories");
    let applies = name.ends_with("-apply");
    expect(subjects.0 == "StringEquals" || subjects.0 == "StringLike" && !applies, "the subject of its tokens is a pattern");
    if let Some((_, wanted, reference)) = TRUSTED.iter().find(|(role, ..)| *role == name) {
        expect(subjects.1 == *wanted, "it takes tokens of other jobs");
        expect(
            equal("ref").is_none_or(|has| Some(&has[..]) == reference.map(|one| vec![one.to_owned()]).as_deref()),
            "it takes tokens of another branch",
        );
        expect(equal("ref").is_some() == reference.is_some(), "it takes tokens of every branch");
    }
    let known = ["aud", "ref", "sub"];
    expect(claims.keys().all(|claim| known.contains(&claim.as_str())), "it has conditions that are none on tokens");
    Ok(wrong)
}

/// Everything that is wrong with the identities of a planned bootstrap root; nothing where the environment has none.
fn faults(planned: &Value, beside: &Beside) -> Result<Vec<Fault>, String> {
    let of = |kind: &'static str| list(planned).iter().filter(move |resource| resource["type"] == kind);
    let mut found: Vec<Fault> = Vec::new();
    let roles: Vec<&Value> = of("aws_iam_role").collect();
    if roles.is_empty() {
        found.extend(of("aws_iam_policy").map(|policy| (words(&policy["address"]), "no role needs it".to_owned())));
        return Ok(found);
    }
    let mut policies: BTreeMap<String, Value> = BTreeMap::new();
    for policy in of("aws_iam_policy") {
        let text = words(&policy["after"]["policy"]);
        if text.len() > LONGEST {
            found.push((words(&policy["address"]), format!("it has {} characters, and IAM takes {LONGEST}", text.len())));
        }
        policies.insert(words(&policy["after"]["name"]), document(policy, "policy")?);
    }
    let last = |arn: &Value| words(arn).rsplit('/').next().unwrap_or_default().to_owned();
    let by_purpose =
        |purpose: &str| roles.iter().copied().find(|role| words(&role["after"]["name"]).ends_with(&format!("-pipeline-{purpose}")));
    let (Some(plan), Some(apply), 2) = (by_purpose("plan"), by_purpose("apply"), roles.len()) else {
        return Ok(vec![("aws_iam_role.pipeline".to_owned(), "there are other roles than one to plan and one to apply".to_owned())]);
    };
    let arn = words(&apply["after"]["permissions_boundary"]);
    let account = arn.split(':').nth(4).unwrap_or_default().to_owned();
    let name = words(&apply["after"]["name"]).trim_end_matches("-pipeline-apply").to_owned();
    for role in [plan, apply] {
        let address = words(&role["address"]);
        if role["after"]["max_session_duration"] != 3600 {
            found.push((address.clone(), "its sessions take longer than an hour".to_owned()));
        }
        if words(&role["after"]["permissions_boundary"]) != format!("arn:aws:iam::{account}:policy/{name}-boundary") {
            found.push((address.clone(), "it has no boundary".to_owned()));
        }
        found.extend(trust(role, &account)?.into_iter().map(|said| (address.clone(), said)));
    }
    let Some(boundary) = policies.get(&format!("{name}-boundary")) else {
        found.push(("aws_iam_policy.boundary".to_owned(), "nothing makes the boundary".to_owned()));
        return Ok(found);
    };
    let provider = words(&document(apply, "assume_role_policy")?["Statement"][0]["Principal"]["Federated"]);
    let issuer = provider.split_once("oidc-provider/").map(|(_, issuer)| issuer.to_owned()).unwrap_or_default();
    for made in of("aws_iam_openid_connect_provider") {
        if words(&made["after"]["url"]) != format!("https://{issuer}") || texts(&made["after"]["client_id_list"]) != [AUDIENCE] {
            found.push((words(&made["address"]), "it issues the tokens of no role, or tokens for others".to_owned()));
        }
    }
    let mut attached: BTreeMap<String, Vec<&Value>> = BTreeMap::new();
    for attachment in of("aws_iam_role_policy_attachment") {
        match policies.get(&last(&attachment["after"]["policy_arn"])) {
            Some(policy) => attached.entry(words(&attachment["after"]["role"])).or_default().push(policy),
            None => found.push((words(&attachment["address"]), "nothing makes its policy".to_owned())),
        }
    }
    let mut buckets = Vec::new();
    for bucket in of("aws_s3_bucket_policy") {
        buckets.push(document(bucket, "policy")?);
    }
    let states = |region: &String| {
        let bucket = of("aws_s3_bucket").find(|bucket| bucket["after"]["region"] == region.as_str());
        (region.clone(), bucket.map(|bucket| words(&bucket["after"]["bucket"])).unwrap_or_default())
    };
    let own = |role: &Value| attached.get(&words(&role["after"]["name"])).cloned().unwrap_or_default();
    let place = Place {
        account,
        name,
        environment: beside.environment.clone(),
        issuer,
        regions: beside.regions.iter().map(states).collect(),
        domain: beside.domain.clone(),
        leads: beside.leads,
        data: beside.data.clone(),
        plan: own(plan),
        apply: own(apply),
        boundary,
        buckets: buckets.iter().collect(),
    };
    let address = |role: &str| match role {
        "plan" => words(&plan["address"]),
        "apply" => words(&apply["address"]),
        _ => "aws_iam_policy.boundary".to_owned(),
    };
    found.extend(place.wrong()?.into_iter().map(|(role, said)| (address(role), said)));
    Ok(found)
}

/// The faults of a bootstrap root's plan; `tree` is the folder that `path` is relative to.
pub fn judge(tree: &Path, path: &str, planned: &Value) -> Result<Vec<Fault>, String> {
    let environment = path.rsplit('/').next().unwrap_or_default().to_owned();
    let folder = tree.join(path.replace("/bootstrap/", "/"));
    let entries: Vec<_> = fs::read_dir(&folder).map_err(|error| format!("{}: {error}", folder.display()))?.flatten().collect();
    let called = |entry: &fs::DirEntry| entry.file_name().to_string_lossy().into_owned();
    let regions = entries.iter().filter(|entry| entry.path().join("network").is_dir()).map(called);
    let data = |entry: &fs::DirEntry| Some(data_root(called(entry), &fs::read_to_string(entry.path().join("data/locals.tf")).ok()?));
    let locals = fs::read_to_string(folder.join("global/locals.tf")).unwrap_or_default();
    let domain = locals.lines().find(|line| line.trim_start().starts_with("domain ")).and_then(|line| line.split('"').nth(1));
    let leads = folder.join("global/account.tf").is_file();
    let beside = Beside {
        environment,
        regions: regions.collect(),
        domain: domain.unwrap_or_default().to_owned(),
        leads,
        data: entries.iter().filter_map(data).collect(),
    };
    faults(planned, &beside)
}

/// The faults of the roles of another root: each has the boundary that the bootstrap root of its environment makes, and a name that pipelines may give.
pub fn roles(tree: &Path, path: &str, planned: &Value) -> Result<Vec<Fault>, String> {
    let (above, below) = path.split_once("terraform/").ok_or_else(|| format!("{path} is no root"))?;
    let environment = below.split('/').next().unwrap_or_default();
    let place = tree.join(above).join("terraform/bootstrap").join(environment).join("locals.tf");
    let text = fs::read_to_string(&place).map_err(|error| format!("{}: {error}", place.display()))?;
    let value = |line: &str| line.split('"').nth(1).unwrap_or_default().to_owned();
    let lines = |key: &'static str| text.lines().filter(move |line| line.trim_start().split(' ').next() == Some(key)).map(value);
    let boundary =
        lines("boundary").next().map(|name| format!("arn:aws:iam::{}:policy/{name}", lines("account").next().unwrap_or_default()));
    Ok(unbounded(planned, boundary.as_deref(), &lines("roles").collect::<Vec<_>>()))
}

fn unbounded(planned: &Value, boundary: Option<&str>, patterns: &[String]) -> Vec<Fault> {
    let mut found = Vec::new();
    for role in list(planned).iter().filter(|resource| resource["type"] == "aws_iam_role") {
        let (address, name) = (words(&role["address"]), words(&role["after"]["name"]));
        if role["after"]["permissions_boundary"].as_str() != boundary {
            found.push((address.clone(), "it has another boundary than its environment".to_owned()));
        }
        let named = |pattern: &String| fits(pattern.rsplit("role/").next().unwrap_or_default(), &name);
        if boundary.is_some() && !patterns.iter().any(named) {
            found.push((address, format!("pipelines may make no role `{name}`")));
        }
    }
    found
}

/// A plan as the templates print it: two roles, their policies, the boundary, a bucket.
fn whole() -> Vec<Value> {
    let statement = |action: Value, resource: Value| json!({"Effect": "Allow", "Action": action, "Resource": resource});
    let policy = |name: &str, statements: Value| {
        let text = json!({"Version": "2012-10-17", "Statement": statements}).to_string();
        json!({"type": "aws_iam_policy", "address": format!("aws_iam_policy.{name}"), "after": {"name": name, "policy": text}})
    };
    let role = |purpose: &str, tokens: Value| {
        let trust = json!({"Statement": [{
            "Effect": "Allow", "Action": "sts:AssumeRoleWithWebIdentity", "Condition": {"StringEquals": tokens},
            "Principal": {"Federated": "arn:aws:iam::1:oidc-provider/tokens.example"},
        }]});
        json!({"type": "aws_iam_role", "address": format!("aws_iam_role.pipeline[\"{purpose}\"]"), "after": {
            "name": format!("boutique-dev-pipeline-{purpose}"), "max_session_duration": 3600, "assume_role_policy": trust.to_string(),
            "permissions_boundary": "arn:aws:iam::1:policy/boutique-dev-boundary",
        }})
    };
    let subjects = TRUSTED.iter().find(|(role, ..)| *role == "boutique-dev-pipeline-plan").map(|(_, subjects, _)| *subjects);
    let apply = json!({"tokens.example:aud": [AUDIENCE], "tokens.example:sub": ["repo:boutique-example/platform:environment:dev"], "tokens.example:ref": ["refs/heads/develop"]});
    let plan = json!({"tokens.example:aud": [AUDIENCE], "tokens.example:sub": subjects});
    vec![
        role("apply", apply),
        role("plan", plan),
        policy("boutique-dev-boundary", json!([statement("*".into(), "*".into())])),
        json!({"type": "aws_iam_openid_connect_provider", "address": "aws_iam_openid_connect_provider.pipelines",
            "after": {"url": "https://tokens.example", "client_id_list": [AUDIENCE]}}),
    ]
}

/// Each fault of a small plan is found; what the policies of the roots say, the plans of the specs and planted faults prove.
pub fn prove() -> Result<(), String> {
    pipelines_requests::every_type_has_a_row()?;
    // Without a region, nothing is asked of the policies.
    let beside =
        || Beside { environment: "dev".to_owned(), regions: BTreeSet::new(), domain: String::new(), leads: true, data: Vec::new() };
    let check = |plan: Vec<Value>, wanted: &[&str]| {
        let found: Vec<String> = faults(&plan.into(), &beside())?.into_iter().map(|(_, said)| said).collect();
        if found == wanted { Ok(()) } else { Err(format!("found {found:?}, wanted {wanted:?}")) }
    };
    let edited = |at: usize, edit: &dyn Fn(&mut Value)| {
        let mut plan = whole();
        edit(&mut plan[at]["after"]);
        plan
    };
    let trusted = |at: usize, edit: &dyn Fn(&mut Value)| {
        edited(at, &|after| {
            let mut policy: Value = serde_json::from_str(&words(&after["assume_role_policy"])).unwrap_or_default();
            edit(&mut policy["Statement"]);
            after["assume_role_policy"] = policy.to_string().into();
        })
    };
    let sub = |at: usize, value: Value| trusted(at, &|all| all[0]["Condition"]["StringEquals"]["tokens.example:sub"] = value.clone());
    const JOBS: &str = "it takes tokens of other jobs";
    const REPOSITORIES: &str = "it takes tokens of other repositories";
    check(whole(), &[])?;
    check(vec![], &[])?;
    check(whole().split_off(2), &["no role needs it"])?;
    check(whole().split_off(1), &["there are other roles than one to plan and one to apply"])?;
    check(edited(0, &|after| after["max_session_duration"] = 43200.into()), &["its sessions take longer than an hour"])?;
    check(edited(1, &|after| after["permissions_boundary"] = Value::Null), &["it has no boundary"])?;
    check(edited(2, &|after| after["name"] = "other".into()), &["nothing makes the boundary"])?;
    check(
        edited(2, &|after| after["policy"] = json!({"Statement": [], "Id": "a".repeat(LONGEST)}).to_string().into()),
        &[&format!("it has {} characters, and IAM takes {LONGEST}", LONGEST + 24)],
    )?;
    check(edited(3, &|after| after["url"] = "https://other.example".into()), &["it issues the tokens of no role, or tokens for others"])?;
    check(
        edited(3, &|after| after["client_id_list"] = json!([AUDIENCE, "other"])),
        &["it issues the tokens of no role, or tokens for others"],
    )?;
    check(sub(0, json!(["repo:boutique-example/platform:pull_request"])), &[JOBS])?;
    check(sub(0, json!(["repo:boutique-example/*:environment:dev"])), &[REPOSITORIES, JOBS])?;
    check(sub(1, json!(["repo:boutique-example/platform"])), &[REPOSITORIES, JOBS])?;
    check(sub(1, Value::Null), &[REPOSITORIES, JOBS])?;
    let like = |all: &mut Value| all[0]["Condition"] = json!({"StringLike": {"tokens.example:sub": "repo:boutique-example/platform:*"}});
    check(
        trusted(0, &like),
        &["it takes tokens that are meant for others", "the subject of its tokens is a pattern", JOBS, "it takes tokens of every branch"],
    )?;
    let branch = |all: &mut Value| all[0]["Condition"]["StringEquals"]["tokens.example:ref"] = json!(["refs/heads/other"]);
    check(trusted(0, &branch), &["it takes tokens of another branch"])?;
    check(trusted(0, &|all| all[0]["Principal"]["AWS"] = "*".into()), &["others than a provider of tokens take it"])?;
    check(
        trusted(0, &|all| all[0]["Action"] = json!(["sts:AssumeRoleWithWebIdentity", "sts:AssumeRole"])),
        &["it is taken in another way than with a token"],
    )?;
    let other = json!({"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "*"}});
    check(
        trusted(0, &|all| all.as_array_mut().into_iter().for_each(|all| all.push(other.clone()))),
        &["it has another number of trusts than one"],
    )?;
    let roles = json!([{"type": "aws_iam_role", "address": "a", "after": {"name": "shop-dev-eu-nodes", "permissions_boundary": "b"}}]);
    for (boundary, pattern, wanted) in [
        (Some("b"), "arn:aws:iam::1:role/shop-dev-eu*", 0),
        (Some("c"), "arn:aws:iam::1:role/shop-dev-eu*", 1),
        (Some("b"), "arn:aws:iam::1:role/shop-dev-us*", 1),
        (None, "", 1),
    ] {
        let found = unbounded(&roles, boundary, &[pattern.to_owned()]);
        if found.len() != wanted {
            return Err(format!("found {found:?}, wanted {wanted}"));
        }
    }
    Ok(())
}
