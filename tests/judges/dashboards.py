"""Prints what Grafana's own model of dashboards does not know: a JSON list, for each file named, of the paths that are lost or read as something else."""
import json
import sys

import yaml
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models.dashboard import Dashboard

register_default_plugins()


def lost(ours, theirs, path):
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for key, value in ours.items():
            # The model leaves out what is empty.
            if key in theirs:
                yield from lost(value, theirs[key], f"{path}/{key}")
            elif value not in (None, [], {}):
                yield f"{path}/{key}"
    elif isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        for index, (one, other) in enumerate(zip(ours, theirs)):
            yield from lost(one, other, f"{path}/{index}")
    elif ours != theirs:
        yield path


def read(path):
    found = []
    with open(path, encoding="utf-8") as file:
        for document in yaml.safe_load_all(file):
            for name, text in document["data"].items():
                try:
                    ours = json.loads(text)
                    theirs = json.loads(JSONEncoder(sort_keys=False).encode(Dashboard.from_json(ours)))
                    found.extend(lost(ours, theirs, name))
                except Exception as error:  # the model raises what comes to hand
                    found.append(f"{name}: {type(error).__name__}: {error}")
    return found


print(json.dumps([read(path) for path in sys.argv[1:]]))
