#!/usr/bin/env python3
"""Turns Kubernetes manifests into a table of facts, and compares two such tables.

    facts.py extract GIT_DIR > facts.json    the original shop, read from a git directory of its repository
    facts.py show STREAM                     the facts of any stream of documents (`-` is standard input)
    facts.py compare facts.json STREAM       every fact lost, changed or invented; exit code 2 if one is not intended

facts.json is `{"source": .., "calls": .., "workloads": ..}`, sorted, one fact per line. What equals Kubernetes' default is left out, so an
absent key means the default. `source` names repository and commit. `calls` holds, per workload, the `workload:container port` pairs that
its variables ending in `_ADDR` reach; a pair ending in `?` is an address no Service of the stream answers to. A workload holds:

    kind          Deployment, StatefulSet, DaemonSet, Job or CronJob
    replicas      only if it is not 1
    grace         terminationGracePeriodSeconds, only if it is not 30
    user, group, fs_group      the numbers the pod runs as
    annotations   of the pod; our own (`platgen.io/`) are no facts
    image, command, args, env, ports, resources, mounts, ready, live, start     of its container
    init, sidecars             further containers by name, with the same keys
    services      name: {"type": only if it is not ClusterIP, "ports": {port name: "port->container port"}}

`ports` are container port numbers; `env` is name: value with ConfigMaps followed; `mounts` is path: kind of the volume. A probe is
{"type": grpc, httpGet, tcpSocket or exec, "port": number, ..} with Kubernetes' own field names; headers are name: value.
An address in a value is written as the short `service:port`, whatever namespace it is in. A reader in another language needs nothing else:
flatten both tables to `workload.key.key: value`, compare, and take away what `intended.json` lists (its keys are explained there).
"""
import fnmatch
import json
import re
import subprocess
import sys

import yaml

REPOSITORY = "https://github.com/GoogleCloudPlatform/microservices-demo"
FOLDER = "kubernetes-manifests"
RELEASE = "release/kubernetes-manifests.yaml"  # the same workloads with the images they are published as
KINDS = ("Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob")
PROBES = {"ready": "readinessProbe", "live": "livenessProbe", "start": "startupProbe"}
PROBE_DEFAULTS = {"initialDelaySeconds": 0, "periodSeconds": 10, "timeoutSeconds": 1, "successThreshold": 1, "failureThreshold": 3}
ADDRESS = re.compile(r"(?<![\w.-])([a-z0-9-]+)(?:\.([a-z0-9-]+)(?:\.svc(?:\.cluster\.local)?)?)?:(\d+)(?!\d)")


class Stream:
    """Documents, with what references between them need."""

    def __init__(self, documents):
        self.documents = [document for document in documents if document]
        self.configs = {(namespace(d), name(d)): d.get("data") or {} for d in self.of("ConfigMap")}
        self.services = {(namespace(d), name(d)): d for d in self.of("Service")}
        self.workloads = {}
        for document in self.of(*KINDS):
            if name(document) in self.workloads:
                sys.exit(f"two workloads are called {name(document)}: give one environment and one region")
            self.workloads[name(document)] = document

    def of(self, *kinds):
        return [document for document in self.documents if document.get("kind") in kinds]

    def service(self, short, space, home):
        """The Service behind a host name as a pod in namespace `home` sees it."""
        return self.services.get((space or home, short))

    def behind(self, service):
        """The workloads a Service selects, each with its pod."""
        selector = service["spec"].get("selector") or {}
        for workload, document in self.workloads.items():
            template = pod_template(document)
            labels = template["metadata"].get("labels") or {}
            if selector and namespace(document) == namespace(service) and selector.items() <= labels.items():
                yield workload, template["spec"]

    def shorten(self, text, home):
        """Writes addresses of Services of this stream in their short form."""
        def short(match):
            return f"{match[1]}:{match[3]}" if self.service(match[1], match[2], home) else match[0]
        return ADDRESS.sub(short, text)

    def reached(self, text, home):
        """What an address reaches, as `workload:container port`; None if the text is no address."""
        match = ADDRESS.fullmatch(text)
        if not match:
            return None
        service = self.service(match[1], match[2], home)
        for port in service["spec"]["ports"] if service else []:
            if port["port"] == int(match[3]):
                for workload, pod in self.behind(service):
                    return f"{workload}:{port_number(pod['containers'], port.get('targetPort', port['port']))}"
        return f"{match[1]}:{match[3]}?"

    def variables(self, container, home):
        env = {}
        for source in container.get("envFrom") or []:
            prefix = source.get("prefix") or ""
            if "configMapRef" in source:
                for key, value in self.config(home, source["configMapRef"]["name"]).items():
                    env[prefix + key] = value
            else:
                env[prefix + "*"] = f"secret {source['secretRef']['name']}"
        for variable in container.get("env") or []:
            source = variable.get("valueFrom") or {}
            if "configMapKeyRef" in source:
                reference = source["configMapKeyRef"]
                value = self.config(home, reference["name"]).get(reference["key"], "(missing key)")
            elif source:
                value = json.dumps(source, sort_keys=True)
            else:
                value = variable.get("value") or ""
            env[variable["name"]] = value
        return env

    def config(self, home, config):
        return self.configs.get((home, config), {"*": f"(missing ConfigMap {config})"})

    def container(self, pod, container, home):
        volumes = {v["name"]: next((key for key in v if key != "name"), "emptyDir") for v in pod.get("volumes") or []}
        resources = container.get("resources") or {}
        facts = {
            "image": re.sub(r"^docker\.io/(library/)?", "", container["image"]),
            "command": container.get("command"),
            "args": container.get("args"),
            "env": {key: self.shorten(value, home) for key, value in self.variables(container, home).items()},
            "ports": sorted(port["containerPort"] for port in container.get("ports") or []),
            "resources": {key: {k: str(v) for k, v in resources[key].items()} for key in resources},
            "mounts": {m["mountPath"]: volumes.get(m["name"], "volumeClaimTemplate") for m in container.get("volumeMounts") or []},
        }
        facts |= {key: probe(container.get(field), [container]) for key, field in PROBES.items()}
        return full(facts)

    def workload(self, workload):
        document = self.workloads[workload]
        template, home = pod_template(document), namespace(document)
        pod = template["spec"]
        main = next((c for c in pod["containers"] if c["name"] == workload), pod["containers"][0])
        security = pod.get("securityContext") or {}
        own = main.get("securityContext") or {}
        replicas, grace = document["spec"].get("replicas", 1), pod.get("terminationGracePeriodSeconds", 30)
        facts = {
            "kind": document["kind"],
            "replicas": None if replicas == 1 else replicas,
            "grace": None if grace == 30 else grace,
            "user": own.get("runAsUser", security.get("runAsUser")),
            "group": own.get("runAsGroup", security.get("runAsGroup")),
            "fs_group": security.get("fsGroup"),
            "annotations": {k: v for k, v in (template["metadata"].get("annotations") or {}).items() if "platgen.io/" not in k},
            "init": {c["name"]: self.container(pod, c, home) for c in pod.get("initContainers") or []},
            "sidecars": {c["name"]: self.container(pod, c, home) for c in pod["containers"] if c is not main},
            "services": {},
        }
        for service in self.services.values():
            if workload in dict(self.behind(service)):
                spec = service["spec"]
                ports = {p.get("name", ""): f"{p['port']}->{port_number([main], p.get('targetPort', p['port']))}" for p in spec["ports"]}
                kind = spec.get("type", "ClusterIP")
                facts["services"][name(service)] = full({"type": None if kind == "ClusterIP" else kind, "ports": ports})
        return full(facts | self.container(pod, main, home))

    def calls(self, workload):
        document = self.workloads[workload]
        pod, home = pod_template(document)["spec"], namespace(document)
        containers = [*pod["containers"], *(pod.get("initContainers") or [])]
        addresses = [v for c in containers for k, v in self.variables(c, home).items() if k.endswith("_ADDR")]
        return sorted({found for found in (self.reached(text, home) for text in addresses) if found})

    def facts(self):
        workloads = {workload: self.workload(workload) for workload in self.workloads}
        calls = {workload: self.calls(workload) for workload in self.workloads}
        return {"calls": full(calls), "workloads": workloads}


def name(document):
    return document["metadata"]["name"]


def namespace(document):
    return document["metadata"].get("namespace", "default")


def pod_template(document):
    spec = document["spec"]
    template = (spec["jobTemplate"]["spec"] if document["kind"] == "CronJob" else spec)["template"]
    template.setdefault("metadata", {})
    return template


def port_number(containers, port):
    """A port by number, where it is given by name."""
    named = {p.get("name"): p["containerPort"] for c in containers for p in c.get("ports") or []}
    return port if isinstance(port, int) else named.get(port, port)


def probe(spec, containers):
    if not spec:
        return None
    kind = next(key for key in ("grpc", "httpGet", "tcpSocket", "exec") if key in spec)
    facts = {"type": kind, **{k: v for k, v in spec[kind].items() if v not in ("", None)}}
    if "port" in facts:
        facts["port"] = port_number(containers, facts["port"])
    if "httpHeaders" in facts:
        facts["headers"] = {header["name"]: header["value"] for header in facts.pop("httpHeaders")}
    if facts.get("scheme") == "HTTP":
        del facts["scheme"]
    return facts | {k: v for k, v in spec.items() if k != kind and v != PROBE_DEFAULTS.get(k)}


def full(facts):
    """Without what is absent or empty."""
    return {key: value for key, value in facts.items() if value not in (None, {}, [])}


def write(facts):
    """Sorted JSON with one fact per line, so that a change shows as one line."""
    line = lambda value: json.dumps(value, sort_keys=True, ensure_ascii=False)
    block = lambda indent, rows: "{\n" + ",\n".join(f"{indent}  {line(k)}: {v}" for k, v in rows) + f"\n{indent}}}"
    table = lambda part: [(key, line(value)) for key, value in sorted(part.items())]
    parts = [(key, block("  ", table(facts[key]))) for key in ("source", "calls") if key in facts]
    workloads = [(key, block("    ", table(value))) for key, value in sorted(facts["workloads"].items())]
    return block("", [*parts, ("workloads", block("  ", workloads))]) + "\n"


def extract(git_dir):
    git = lambda *words: subprocess.run(["git", f"--git-dir={git_dir}", *words], check=True, capture_output=True, text=True).stdout
    commit = git("rev-parse", "HEAD").strip()
    files = [path for path in git("ls-tree", "-r", "--name-only", commit, f"{FOLDER}/").split() if path.endswith(".yaml")]
    texts = [git("show", f"{commit}:{path}") for path in files if not path.endswith("kustomization.yaml")]
    facts = Stream([d for text in texts for d in yaml.safe_load_all(text)]).facts()
    release = Stream(yaml.safe_load_all(git("show", f"{commit}:{RELEASE}"))).facts()
    for workload, own in facts["workloads"].items():
        if "/" not in own["image"] and ":" not in own["image"]:  # a build's name; the release says what it is published as
            own["image"] = release["workloads"][workload]["image"]
    if facts != release:
        sys.exit(f"{FOLDER} and {RELEASE} differ in more than images: {list(differences(facts, release))}")
    return {"source": {"repository": REPOSITORY, "commit": commit, "manifests": FOLDER, "images": RELEASE}, **facts}


def flatten(value, path=()):
    if isinstance(value, dict):
        return {p: v for key in value for p, v in flatten(value[key], (*path, key)).items()}
    return {path: value}


def differences(original, rendered):
    """(change, path, before, after) of every fact, in order."""
    for part in ("workloads", "calls"):
        head = () if part == "workloads" else ("calls",)
        before, after = flatten(original[part], head), flatten(rendered[part], head)
        for path in sorted({**before, **after}):
            if before.get(path) != after.get(path):
                change = "invented" if path not in before else "lost" if path not in after else "changed"
                yield change, "/".join(path), before.get(path), after.get(path)


def holds(when, path, before, after, original):
    """The conditions an intended difference may name."""
    if when == "same-container-port":  # 5000->8080 has become 8080->8080
        target = before.split("->")[1]
        return after == f"{target}->{target}"
    if when == "same-target":  # service:5000 has become service:8080, and 8080 is where 5000 leads
        service, port = before.rsplit(":", 1)
        ports = [p for w in original["workloads"].values() for p in w.get("services", {}).get(service, {}).get("ports", {}).values()]
        return any(after == f"{service}:{p.split('->')[1]}" for p in ports if p.startswith(f"{port}->"))
    if when == "at-least":
        return (after or 30) >= (before or 30)
    return when is None


def compare(original, rendered, intended):
    """Prints every difference; returns how many are not intended."""
    used, wrong = set(), 0
    for change, path, before, after in differences(original, rendered):
        rule = next((i for i, entry in enumerate(intended) if change in entry["change"] and fnmatch.fnmatchcase(path, entry["fact"])
                     and holds(entry.get("when"), path, before, after, original)), None)
        used.add(rule)
        wrong += rule is None
        print(f"{change} {path}: {before!r} -> {after!r}" + (f"  (intended: {intended[rule]['reason']})" if rule is not None else ""))
    for entry in (entry for i, entry in enumerate(intended) if i not in used):
        print(f"unused intended difference: {entry['fact']}")
    return wrong


def load(path):
    text = sys.stdin.read() if path == "-" else open(path, encoding="utf-8").read()
    return Stream(yaml.safe_load_all(text)).facts()


def main(words):
    if len(words) == 2 and words[0] == "extract":
        print(write(extract(words[1])), end="")
    elif len(words) == 2 and words[0] == "show":
        print(write(load(words[1])), end="")
    elif len(words) == 3 and words[0] == "compare":
        original = json.load(open(words[1], encoding="utf-8"))
        intended = json.load(open(re.sub(r"[^/]*$", "intended.json", words[1], count=1), encoding="utf-8"))["intended"]
        sys.exit(2 if compare(original, load(words[2]), intended) else 0)
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
