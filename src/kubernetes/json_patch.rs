//! The steps of a JSON patch (RFC 6902) applied to a value.

use serde_json::Value;

/// Applies every step. An error names the step and its fault; the steps before it are applied.
pub(super) fn apply(value: &mut Value, steps: &Value) -> Result<(), String> {
    let steps = steps.as_array().ok_or("its steps are no list")?;
    for (at, step) in steps.iter().enumerate() {
        apply_step(value, step).map_err(|reason| format!("step {}: {reason}", at + 1))?;
    }
    Ok(())
}

fn apply_step(value: &mut Value, step: &Value) -> Result<(), String> {
    let text = |key: &str| step.get(key).and_then(Value::as_str).ok_or_else(|| format!("it has no `{key}`"));
    let operand = || step.get("value").cloned().ok_or_else(|| "it has no `value`".to_owned());
    let path = text("path")?;
    match text("op")? {
        "add" => add(value, path, operand()?),
        "remove" => remove(value, path).map(drop),
        "replace" => {
            *value.pointer_mut(path).ok_or_else(|| missing(path))? = operand()?;
            Ok(())
        }
        "move" => {
            let from = text("from")?;
            if path.strip_prefix(from).is_some_and(|below| below.starts_with('/')) {
                return Err(format!("`{from}` cannot move into itself"));
            }
            let moved = remove(value, from)?;
            add(value, path, moved)
        }
        "copy" => {
            let from = text("from")?;
            let copied = value.pointer(from).cloned().ok_or_else(|| missing(from))?;
            add(value, path, copied)
        }
        "test" if value.pointer(path) == Some(&operand()?) => Ok(()),
        "test" => Err(format!("`{path}` is not what `test` says")),
        other => Err(format!("`{}` is no operation: write add, remove, replace, move, copy or test", other.escape_debug())),
    }
}

fn missing(path: &str) -> String {
    format!("there is no `{}`", path.escape_debug())
}

/// The value that holds the target of a path, and the last part of the path, unescaped.
fn parent<'v>(value: &'v mut Value, path: &str) -> Result<(&'v mut Value, String), String> {
    let (above, last) = path.rsplit_once('/').ok_or_else(|| missing(path))?;
    let parent = value.pointer_mut(above).ok_or_else(|| missing(above))?;
    Ok((parent, last.replace("~1", "/").replace("~0", "~")))
}

/// An index of a list: digits without a leading zero, at most `most`.
fn index(step: &str, most: usize) -> Option<usize> {
    let digits = !step.is_empty() && step.bytes().all(|byte| byte.is_ascii_digit()) && (step == "0" || !step.starts_with('0'));
    digits.then(|| step.parse().ok()).flatten().filter(|at| *at <= most)
}

fn add(value: &mut Value, path: &str, operand: Value) -> Result<(), String> {
    if path.is_empty() {
        *value = operand;
        return Ok(());
    }
    let (parent, last) = parent(value, path)?;
    match parent {
        Value::Object(entries) => {
            entries.insert(last, operand);
        }
        Value::Array(items) if last == "-" => items.push(operand),
        Value::Array(items) => {
            let at = index(&last, items.len()).ok_or_else(|| missing(path))?;
            items.insert(at, operand);
        }
        _ => return Err(missing(path)),
    }
    Ok(())
}

fn remove(value: &mut Value, path: &str) -> Result<Value, String> {
    let (parent, last) = parent(value, path)?;
    match parent {
        // Not `remove`, which would put the last key into the gap.
        Value::Object(entries) => entries.shift_remove(&last).ok_or_else(|| missing(path)),
        Value::Array(items) => match index(&last, items.len().wrapping_sub(1)) {
            Some(at) if at < items.len() => Ok(items.remove(at)),
            _ => Err(missing(path)),
        },
        _ => Err(missing(path)),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn steps_do_what_they_say() {
        let mut value = json!({"a": [1, 2], "b": {"x/y": true}});
        let steps = json!([
            {"op": "test", "path": "/a/0", "value": 1},
            {"op": "add", "path": "/a/-", "value": 3},
            {"op": "add", "path": "/a/0", "value": 0},
            {"op": "remove", "path": "/a/1"},
            {"op": "replace", "path": "/b/x~1y", "value": false},
            {"op": "copy", "from": "/b", "path": "/c"},
            {"op": "move", "from": "/b", "path": "/d"},
        ]);
        apply(&mut value, &steps).unwrap();
        assert_eq!(value, json!({"a": [0, 2, 3], "c": {"x/y": false}, "d": {"x/y": false}}));
    }

    #[test]
    fn what_does_not_fit_is_said() {
        let fault = |step: Value| apply(&mut json!({"a": [1]}), &json!([step])).unwrap_err();
        assert_eq!(fault(json!({"op": "remove", "path": "/b"})), "step 1: there is no `/b`");
        assert_eq!(fault(json!({"op": "add", "path": "/a/01", "value": 1})), "step 1: there is no `/a/01`");
        assert_eq!(fault(json!({"op": "test", "path": "/a/0", "value": 2})), "step 1: `/a/0` is not what `test` says");
        assert_eq!(fault(json!({"op": "move", "from": "/a", "path": "/a/0"})), "step 1: `/a` cannot move into itself");
        assert_eq!(fault(json!({"path": "/a"})), "step 1: it has no `op`");
    }
}
