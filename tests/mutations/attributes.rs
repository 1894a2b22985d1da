//! Mechanical faults in Terraform files: every block, attribute and entry removed, every literal changed, every item dropped, neighbours
//! swapped, every condition of a `for` dropped. Laid out again, as a wrong renderer's output would be.

use hcl_edit::Number;
use hcl_edit::expr::{Expression, Object, ObjectKey};
use hcl_edit::parser::parse_body;
use hcl_edit::structure::{Body, Structure};
use hcl_edit::template::Element;

use super::fields::another;
use super::ground::{Ground, terraform};
use super::mutant::{Class, Mutant};

/// Files of the roots, each with the template of its name; those that all roots share stand once. Their own tests are left to the faults made by
/// hand: no judge can know what a test that says less had said.
pub const FILES: [&str; 55] = [
    "bootstrap/access.tf",
    "bootstrap/boundary.tf",
    "bootstrap/kms.tf",
    "bootstrap/locals.tf",
    "bootstrap/pipeline_cluster.tf",
    "bootstrap/pipeline_data.tf",
    "bootstrap/pipeline_global.tf",
    "bootstrap/pipeline_network.tf",
    "bootstrap/pipeline_read.tf",
    "bootstrap/pipeline_roles.tf",
    "bootstrap/pipelines.tf",
    "bootstrap/state.tf",
    "cluster/access.tf",
    "cluster/addons.tf",
    "cluster/buckets.tf",
    "cluster/cluster.tf",
    "cluster/identities.tf",
    "cluster/kms.tf",
    "cluster/locals.tf",
    "cluster/network.tf",
    "cluster/node_groups.tf",
    "cluster/nodes.tf",
    "cluster/policies.tf",
    "cluster/registry.tf",
    "cluster/spot.tf",
    "data/access.tf",
    "data/buckets.tf",
    "data/kms.tf",
    "data/locals.tf",
    "data/replication.tf",
    "global/account.tf",
    "global/alarms.tf",
    "global/dns.tf",
    "global/kms.tf",
    "global/locals.tf",
    "global/outputs.tf",
    "network/backend.tf",
    "network/checks.tf",
    "network/dns.tf",
    "network/endpoints.tf",
    "network/flow_logs.tf",
    "network/forwarding.tf",
    "network/guards.tf",
    "network/hybrid.tf",
    "network/internet.tf",
    "network/kms.tf",
    "network/locals.tf",
    "network/nat.tf",
    "network/network.tf",
    "network/outputs.tf",
    "network/providers.tf",
    "network/resolver.tf",
    "network/security_groups.tf",
    "network/versions.tf",
    "network/vpn_logs.tf",
];

/// Every mechanical fault of every file.
pub fn mutants(ground: &Ground) -> Result<Vec<Mutant>, String> {
    let mut all = Vec::new();
    for file in FILES {
        let path = terraform(file);
        let text = ground.text(&path).ok_or_else(|| format!("no file {path}"))?;
        for turn in 0.. {
            let mut body = parse_body(text).map_err(|error| format!("{path}: {error}"))?;
            let mut hand = Hand { left: turn, done: None };
            hand.body(&mut body, "");
            let Some(edit) = hand.done else { break };
            all.push(Mutant::of(
                Class::Attribute,
                file.trim_start_matches("network/"),
                edit,
                &path,
                Some(platgen::hcl::format(&body.to_string())),
            ));
        }
    }
    Ok(all)
}

/// Walks a file and makes one change: the one after `left` others.
struct Hand {
    left: usize,
    done: Option<String>,
}

impl Hand {
    /// Whether the change that could be made here is the one.
    fn here(&mut self, name: impl FnOnce() -> String) -> bool {
        if self.done.is_some() {
            return false;
        }
        if self.left == 0 {
            self.done = Some(name());
            return true;
        }
        self.left -= 1;
        false
    }

    fn body(&mut self, body: &mut Body, path: &str) {
        let mut index = 0;
        while index < body.len() && self.done.is_none() {
            let place = match body.get(index) {
                Some(Structure::Attribute(attribute)) => join(path, attribute.key.as_str()),
                Some(Structure::Block(block)) => {
                    let labels = block.labels.iter().map(|label| label.as_str());
                    join(path, &std::iter::once(block.ident.as_str()).chain(labels).collect::<Vec<_>>().join("."))
                }
                None => break,
            };
            if self.here(|| format!("{place} removed")) {
                body.remove(index);
                return;
            }
            match body.get_mut(index) {
                Some(Structure::Block(block)) => self.body(&mut block.body, &place),
                Some(Structure::Attribute(_)) => {
                    let key = place.rsplit('.').next().unwrap_or_default().to_owned();
                    if let Some(mut attribute) = body.get_attribute_mut(&key) {
                        self.expression(attribute.value_mut(), &place);
                    }
                }
                None => {}
            }
            index += 1;
        }
    }

    fn expression(&mut self, expression: &mut Expression, path: &str) {
        if self.done.is_some() {
            return;
        }
        match expression {
            Expression::Bool(truth) if self.here(|| format!("{path} changed")) => {
                *truth.value_mut() = !*truth.value();
            }
            Expression::Number(number) if self.here(|| format!("{path} changed")) => {
                let next = number.value().as_i64().unwrap_or_default() + 1;
                *expression = Expression::from(Number::from(next));
            }
            Expression::String(text) if self.here(|| format!("{path} changed")) => {
                *text.value_mut() = another(text.value());
            }
            Expression::StringTemplate(template) => {
                for element in template.iter_mut() {
                    if let Element::Literal(text) = element
                        && self.here(|| format!("{path} changed (`{}`)", text.value()))
                    {
                        *text.value_mut() = another(text.value());
                    }
                }
            }
            Expression::Array(items) => {
                for index in 0..items.len() {
                    let place = join(path, &index.to_string());
                    if self.here(|| format!("{place} removed")) {
                        items.remove(index);
                        return;
                    }
                    if index > 0 && self.here(|| format!("{place} moved up")) {
                        let item = items.remove(index);
                        items.insert(index - 1, item);
                        return;
                    }
                    if let Some(item) = items.get_mut(index) {
                        self.expression(item, &place);
                    }
                }
            }
            Expression::Object(object) => self.object(object, path),
            Expression::Parenthesis(inner) => self.expression(inner.inner_mut(), path),
            Expression::Conditional(conditional) => {
                self.expression(&mut conditional.cond_expr, path);
                self.expression(&mut conditional.true_expr, path);
                self.expression(&mut conditional.false_expr, path);
            }
            Expression::FuncCall(call) => {
                let name = join(path, &format!("{}()", call.name.name.as_str()));
                for index in 0..call.args.len() {
                    if let Some(argument) = call.args.get_mut(index) {
                        self.expression(argument, &join(&name, &index.to_string()));
                    }
                }
            }
            Expression::BinaryOp(operation) => {
                self.expression(&mut operation.lhs_expr, &join(path, "left"));
                self.expression(&mut operation.rhs_expr, &join(path, "right"));
            }
            Expression::UnaryOp(operation) => self.expression(&mut operation.expr, path),
            Expression::ForExpr(each) => {
                if each.cond.is_some() && self.here(|| format!("{path} without its condition")) {
                    each.cond = None;
                    return;
                }
                if let Some(condition) = &mut each.cond {
                    self.expression(&mut condition.expr, &join(path, "if"));
                }
                self.expression(&mut each.value_expr, &join(path, "each"));
            }
            _ => {}
        }
    }

    fn object(&mut self, object: &mut Object, path: &str) {
        let keys: Vec<ObjectKey> = object.iter().map(|(key, _)| key.clone()).collect();
        for key in keys {
            let name = match &key {
                ObjectKey::Ident(name) => name.as_str().to_owned(),
                ObjectKey::Expression(key) => key.as_str().unwrap_or("key").to_owned(),
            };
            let place = join(path, &name);
            if self.here(|| format!("{place} removed")) {
                object.remove(&key);
                return;
            }
            if let Some(value) = object.get_mut(&key) {
                self.expression(value.expr_mut(), &place);
            }
        }
    }
}

fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}
