"""Prints what PyYAML (YAML 1.1) sees in each file named: a JSON list of {"documents": [...]} or {"error": "..."}."""
import json
import sys

import yaml


class Loader(yaml.CSafeLoader):
    """Refuses what JSON has no type for, and a key that stands twice, instead of choosing."""


def mapping(loader, node):
    out = {}
    for key_node, value_node in node.value:
        key = loader.construct_object(key_node, deep=True)
        if not isinstance(key, str):
            raise yaml.YAMLError(f"line {key_node.start_mark.line + 1}: the key {key_node.value!r} is read as {type(key).__name__}")
        if key in out:
            raise yaml.YAMLError(f"line {key_node.start_mark.line + 1}: the key {key!r} stands twice")
        out[key] = loader.construct_object(value_node, deep=True)
    return out


def refuse(loader, node):
    raise yaml.YAMLError(f"line {node.start_mark.line + 1}: {node.value!r} is read as {node.tag.rpartition(':')[2]}")


Loader.add_constructor("tag:yaml.org,2002:map", mapping)
for tag in ("timestamp", "binary", "set", "omap", "pairs", "value", "merge"):
    Loader.add_constructor(f"tag:yaml.org,2002:{tag}", refuse)


def read(path):
    try:
        with open(path, encoding="utf-8", newline="") as file:
            return {"documents": list(yaml.load_all(file, Loader))}
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        return {"error": " ".join(str(error).split())}


print(json.dumps([read(path) for path in sys.argv[1:]]))
