//! A spec as a JSON tree, changed at random.

use serde_json::{Map, Value};

/// Words that readers, schedulers and shells stumble over.
pub(crate) const HOSTILE: [&str; 40] = [
    "",
    " ",
    "~",
    "null",
    "true",
    "NO",
    "0",
    "-1",
    "1e999",
    "99999999999999999999",
    "0x10",
    "0o17",
    ".inf",
    "1..",
    "..1",
    "3..1",
    "a..b",
    "${",
    "${}",
    "${self.port}",
    "${app/}",
    "${app/cart.address",
    "$${x}",
    "${app/cart.address}${app/cart.address}",
    "app/",
    "/",
    "//x",
    "external/nobody",
    "app/payment",
    "../../etc/passwd",
    "@",
    "*",
    "a.b.c.d",
    "10.0.0.0/0",
    "0.0.0.0/33",
    "é😀\u{2028}\u{85}",
    "\u{0}",
    "x\ny: z\n",
    "# no comment",
    "ÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿ",
];

/// One change: what, where, and a number that decides the rest.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    pub(crate) what: u8,
    pub(crate) at: u32,
    pub(crate) other: u32,
}

/// Every place of a tree, the root left out.
fn places(value: &Value, here: String, all: &mut Vec<String>) {
    let mut below = |key: &str, value: &Value| {
        let path = format!("{here}/{}", key.replace('~', "~0").replace('/', "~1"));
        all.push(path.clone());
        places(value, path, all);
    };
    match value {
        Value::Object(map) => map.iter().for_each(|(key, value)| below(key, value)),
        Value::Array(items) => items.iter().enumerate().for_each(|(at, value)| below(&at.to_string(), value)),
        _ => {}
    }
}

/// Carries out a change.
pub(crate) fn apply(tree: &mut Value, step: &Step) {
    let mut all = Vec::new();
    places(tree, String::new(), &mut all);
    if all.is_empty() {
        return;
    }
    let pick = |number: u32| all[number as usize % all.len()].clone();
    let (path, hostile) = (pick(step.at), HOSTILE[step.other as usize % HOSTILE.len()]);
    let other = tree.pointer(&pick(step.other)).cloned().unwrap_or_default();
    let (parent, key) = path.rsplit_once('/').expect("a path");
    let key = key.replace("~1", "/").replace("~0", "~");
    let Some(parent) = tree.pointer_mut(parent) else { return };
    match parent {
        Value::Object(map) => match step.what % 7 {
            0 => _ = map.shift_remove(&key),
            1 => _ = map.insert(hostile.to_string(), map[&key].clone()),
            2 => _ = map.insert(key, Value::String(hostile.to_string())),
            3 => _ = map.insert(key, other),
            4 => {
                let next = map.keys().nth(step.other as usize % map.len()).cloned().unwrap_or_default();
                let (a, b) = (map[&key].clone(), map[&next].clone());
                map.insert(key, b);
                map.insert(next, a);
            }
            5 => {
                let renamed = map.iter().map(|(name, value)| (if *name == key { hostile.into() } else { name.clone() }, value.clone()));
                *map = renamed.collect::<Map<_, _>>();
            }
            _ => _ = map.insert(key, Value::from(i64::from(step.other) - 5)),
        },
        Value::Array(items) => {
            let at: usize = key.parse().unwrap_or(0);
            match step.what % 4 {
                0 => _ = items.remove(at),
                1 => items.push(items[at].clone()),
                2 => items[at] = Value::String(hostile.to_string()),
                _ => items[at] = other,
            }
        }
        _ => {}
    }
}
