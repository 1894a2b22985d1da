"""Writes strict JSON schemas for kubeconform into target/judges/schemas.

  target/judges/python/bin/python tests/judges/schemas.py [CRD FOLDER]     (default: $PLATGEN_CRDS)

    v1.35.0/<group>/<kind>_<version>.json    built-in kinds, one folder per Kubernetes version, from kubernetes-validate
    crds/<group>/<kind>_<version>.json       custom kinds, from the CustomResourceDefinitions below the folder

Each file stands alone. They are stricter than an API server, since they judge files that a program wrote: no unknown field, no null, no
`status`, always a name, and the closed sets of words that the built-in schemas leave open (ENUMS). CEL rules (`x-kubernetes-validations`)
are not judged. Prints the folder; writes nothing when the inputs (this file, the package, the definitions) have not changed.
"""
import hashlib
import json
import os
import pathlib
import shutil
import sys

import kubernetes_validate
import yaml
from kubernetes_validate.version import __version__ as PACKAGE_VERSION

HOME = pathlib.Path(__file__).resolve().parent.parent.parent / "target" / "judges"
ROOT = pathlib.Path(os.environ.get("PLATGEN_JUDGES_HOME") or HOME)
PACKAGED = pathlib.Path(kubernetes_validate.__file__).parent / "kubernetes-json-schema"
VERSIONS = ["1.33", "1.34", "1.35", "1.36", "1.37"]
META = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"

# What a schema does not need to judge a file with.
NOISE = {"description", "default", "example", "title", "externalDocs", "$id", "$schema"}

# Words that the API server insists on and the published schemas accept as any string: definition, field, words.
CORE = "io.k8s.api.core.v1."
ENUMS = [
    (CORE + "Container", "imagePullPolicy", "Always IfNotPresent Never"),
    (CORE + "ContainerPort", "protocol", "TCP UDP SCTP"),
    (CORE + "PodSpec", "restartPolicy", "Always OnFailure Never"),
    (CORE + "PodSpec", "dnsPolicy", "ClusterFirst ClusterFirstWithHostNet Default None"),
    (CORE + "PodSpec", "preemptionPolicy", "Never PreemptLowerPriority"),
    (CORE + "PodSecurityContext", "fsGroupChangePolicy", "Always OnRootMismatch"),
    (CORE + "PodSecurityContext", "supplementalGroupsPolicy", "Merge Strict"),
    (CORE + "SeccompProfile", "type", "Localhost RuntimeDefault Unconfined"),
    (CORE + "AppArmorProfile", "type", "Localhost RuntimeDefault Unconfined"),
    (CORE + "HTTPGetAction", "scheme", "HTTP HTTPS"),
    (CORE + "Toleration", "operator", "Equal Exists Gt Lt"),
    (CORE + "Toleration", "effect", "NoExecute NoSchedule PreferNoSchedule"),
    (CORE + "NodeSelectorRequirement", "operator", "DoesNotExist Exists Gt In Lt NotIn"),
    (CORE + "TopologySpreadConstraint", "whenUnsatisfiable", "DoNotSchedule ScheduleAnyway"),
    (CORE + "TopologySpreadConstraint", "nodeTaintsPolicy", "Honor Ignore"),
    (CORE + "TopologySpreadConstraint", "nodeAffinityPolicy", "Honor Ignore"),
    (CORE + "ServiceSpec", "type", "ClusterIP ExternalName LoadBalancer NodePort"),
    (CORE + "ServiceSpec", "externalTrafficPolicy", "Cluster Local"),
    (CORE + "ServiceSpec", "internalTrafficPolicy", "Cluster Local"),
    (CORE + "ServiceSpec", "sessionAffinity", "ClientIP None"),
    (CORE + "ServicePort", "protocol", "TCP UDP SCTP"),
    (CORE + "PersistentVolumeClaimSpec", "volumeMode", "Block Filesystem"),
    ("io.k8s.apimachinery.pkg.apis.meta.v1.LabelSelectorRequirement", "operator", "DoesNotExist Exists In NotIn"),
    ("io.k8s.api.apps.v1.DeploymentStrategy", "type", "Recreate RollingUpdate"),
    ("io.k8s.api.apps.v1.StatefulSetSpec", "podManagementPolicy", "OrderedReady Parallel"),
    ("io.k8s.api.apps.v1.StatefulSetUpdateStrategy", "type", "OnDelete RollingUpdate"),
    ("io.k8s.api.batch.v1.CronJobSpec", "concurrencyPolicy", "Allow Forbid Replace"),
    ("io.k8s.api.batch.v1.JobSpec", "podReplacementPolicy", "Failed TerminatingOrFailed"),
    ("io.k8s.api.policy.v1.PodDisruptionBudgetSpec", "unhealthyPodEvictionPolicy", "AlwaysAllow IfHealthyBudget"),
    ("io.k8s.api.networking.v1.NetworkPolicyPort", "protocol", "TCP UDP SCTP"),
    ("io.k8s.api.storage.v1.StorageClass", "volumeBindingMode", "Immediate WaitForFirstConsumer"),
    ("io.k8s.api.storage.v1.StorageClass", "reclaimPolicy", "Delete Retain"),
    ("io.k8s.api.rbac.v1.Subject", "kind", "Group ServiceAccount User"),
    ("io.k8s.api.autoscaling.v2.MetricTarget", "type", "AverageValue Utilization Value"),
    ("io.k8s.api.admissionregistration.v1.ValidatingAdmissionPolicySpec", "failurePolicy", "Fail Ignore"),
]
# A field whose words grew: `PreferSameZone` and `PreferSameNode` are refused before 1.34.
TRAFFIC = {"1.33": "PreferClose"}
TRAFFIC_SINCE = "PreferClose PreferSameNode PreferSameZone"
QUANTITY = {"anyOf": [{"type": "string", "pattern": r"^[+-]?[0-9.]+([eE][+-]?[0-9]+|[KMGTPE]i|[numkMGTPE])?$"}, {"type": "number"}]}


class Loader(yaml.CSafeLoader):
    """YAML 1.1 gives a bare `=` a tag that no Python type stands for; in a definition it is the word itself."""


Loader.add_constructor("tag:yaml.org,2002:value", lambda loader, node: node.value)


def builtin(node):
    """One node of a packaged schema without nulls and noise, its references within the file."""
    if isinstance(node, list):
        return [builtin(item) for item in node]
    if not isinstance(node, dict):
        return node
    out = {}
    for key, value in node.items():
        if key in ("properties", "$defs"):
            out[key] = {name: builtin(schema) for name, schema in value.items()}
        elif key == "$ref":
            out[key] = "#" + value.split("#", 1)[1]
        elif key == "type" and isinstance(value, list):
            kinds = [kind for kind in value if kind != "null"]
            out[key] = kinds[0] if len(kinds) == 1 else kinds
        elif key == "enum":
            out[key] = [word for word in value if word is not None]
        elif key == "oneOf" and isinstance(value, list):
            out["anyOf"] = builtin(value)
        elif key not in NOISE and not key.startswith("x-kubernetes-") and key != "format":
            out[key] = builtin(value)
    if node.get("x-kubernetes-list-type") == "set":
        out["uniqueItems"] = True
    return out


def reachable(schema, definitions):
    """The definitions that a schema needs, through each other."""
    need, open_ = {}, [schema]
    while open_:
        node = open_.pop()
        if isinstance(node, list):
            open_.extend(node)
        elif isinstance(node, dict):
            name = node.get("$ref", "").rpartition("/")[2] if isinstance(node.get("$ref"), str) else ""
            if name and name not in need:
                need[name] = definitions[name]
                open_.append(definitions[name])
            open_.extend(node.values())
    return dict(sorted(need.items()))


def whole(schema, definitions, group_version, kind):
    """A top-level object: of this kind, named, without a status."""
    schema["properties"].pop("status", None)
    schema["properties"].update(
        apiVersion={"const": group_version},
        kind={"const": kind},
        metadata={"allOf": [{"$ref": f"#/$defs/{META}"}, {"required": ["name"]}]},
    )
    schema["required"] = sorted({"apiVersion", "kind", "metadata", *schema.get("required", [])})
    schema["$defs"] = reachable(schema, definitions)
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    return schema


def definitions_of(version):
    """The shared definitions of one Kubernetes version, with the words of ENUMS filled in."""
    folder = PACKAGED / f"v{version}.0-local-strict"
    out = builtin(json.loads((folder / "_definitions.json").read_text()))["$defs"]
    traffic = (CORE + "ServiceSpec", "trafficDistribution", TRAFFIC.get(version, TRAFFIC_SINCE))
    for definition, field, words in [*ENUMS, traffic]:
        out[definition]["properties"][field] = {"enum": words.split()}
    out["io.k8s.apimachinery.pkg.api.resource.Quantity"] = QUANTITY
    return folder, out


def write(path, schema):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(schema, separators=(",", ":")))


def builtins(out):
    count = 0
    for version in VERSIONS:
        folder, definitions = definitions_of(version)
        for name, definition in definitions_with_kind(folder):
            for gvk in definition["x-kubernetes-group-version-kind"]:
                if name != gvk_file(gvk):
                    continue
                group_version = "/".join(filter(None, [gvk["group"], gvk["version"]]))
                schema = whole(builtin(definition), definitions, group_version, gvk["kind"])
                write(out / f"v{version}.0" / (gvk["group"] or gvk["version"]) / f"{gvk['kind'].lower()}_{gvk['version']}.json", schema)
                count += 1
    return count


def definitions_with_kind(folder):
    for path in sorted(folder.glob("*.json")):
        if path.name in ("_definitions.json", "all.json"):
            continue
        schema = json.loads(path.read_text())
        if "x-kubernetes-group-version-kind" in schema and "metadata" in schema.get("properties", {}):
            yield path.name, schema


def gvk_file(gvk):
    """The packaged file name of a kind: `deployment-apps-v1.json`, `service-v1.json`."""
    parts = [gvk["kind"].lower(), gvk["group"].split(".")[0], gvk["version"]]
    return "-".join(filter(None, parts)) + ".json"


def custom(node):
    """One node of a structural schema (OpenAPI 3.0) as strict JSON schema: what would be pruned is refused."""
    out = {key: value for key, value in node.items() if key not in NOISE and not key.startswith("x-kubernetes-")}
    out.pop("format", None)
    nullable = out.pop("nullable", False)
    for bound, limit in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
        # Draft 4 has a flag beside the limit, newer drafts the limit itself.
        if isinstance(out.get(bound), bool):
            if out.pop(bound):
                out[bound] = out.pop(limit)
    if node.get("x-kubernetes-int-or-string"):
        out.pop("type", None)
        out["anyOf"] = [{"type": "integer"}, {"type": "string"}]
    if "items" in node:
        out["items"] = custom(node["items"])
    if node.get("x-kubernetes-list-type") == "set":
        out["uniqueItems"] = True
    if "properties" in node:
        out["properties"] = {name: custom(schema) for name, schema in node["properties"].items()}
    if isinstance(node.get("additionalProperties"), dict):
        out["additionalProperties"] = custom(node["additionalProperties"])
    elif node.get("type") == "object" and "additionalProperties" not in node and not node.get("x-kubernetes-preserve-unknown-fields"):
        if node.get("x-kubernetes-embedded-resource"):
            for name in ("apiVersion", "kind", "metadata"):
                out.setdefault("properties", {}).setdefault(name, {})
        out["additionalProperties"] = False
    if nullable and "type" in out:
        out["type"] = [out["type"], "null"]
    return out


def customs(out, files):
    _, definitions = definitions_of(VERSIONS[-1])
    count = 0
    for path in files:
        for document in yaml.load_all(path.read_text(), Loader):
            if not document or document.get("kind") != "CustomResourceDefinition":
                continue
            spec = document["spec"]
            for version in spec["versions"]:
                if not version["served"]:
                    continue
                kind, group = spec["names"]["kind"], spec["group"]
                schema = custom(version["schema"]["openAPIV3Schema"])
                schema.setdefault("properties", {})
                schema = whole(schema, definitions, f"{group}/{version['name']}", kind)
                write(out / "crds" / group / f"{kind.lower()}_{version['name']}.json", schema)
                count += 1
    return count


def main(arguments):
    folder = arguments[0] if arguments else os.environ.get("PLATGEN_CRDS")
    files = sorted(path for path in pathlib.Path(folder).rglob("*") if path.suffix in (".yaml", ".yml")) if folder else []
    if folder and not files:
        print(f"no definitions (*.yaml) below {folder}", file=sys.stderr)
        return 2
    key = hashlib.sha256(pathlib.Path(__file__).read_bytes() + PACKAGE_VERSION.encode())
    for path in files:
        key.update(path.name.encode() + b"\0" + path.read_bytes())
    out, stamp = ROOT / "schemas", ROOT / "schemas" / "stamp"
    if stamp.exists() and stamp.read_text().split()[0] == key.hexdigest():
        print(out)
        return 0
    fresh = ROOT / f"schemas.{os.getpid()}"
    kinds, resources = builtins(fresh), customs(fresh, files)
    (fresh / "stamp").write_text(f"{key.hexdigest()} {kinds} built-in, {resources} custom\n")
    shutil.rmtree(out, ignore_errors=True)
    fresh.rename(out)
    if not files:
        print("no custom kinds: set PLATGEN_CRDS to a folder of CustomResourceDefinitions", file=sys.stderr)
    print(out)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
