#!/usr/bin/env python3
"""Proves the comparison: a stream made from facts.json in the shape platgen renders shows no difference, and one damaged leaf shows.

The stream is unlike the original on purpose: namespaces, variables in hashed ConfigMaps, named ports, addresses with their namespace.
"""
import copy
import json
import pathlib
import unittest

import facts

TABLE = json.loads((pathlib.Path(__file__).parent / "facts.json").read_text())
NAMESPACES = {"paymentservice": "payments", "loadgenerator": "load"}


def home(workload):
    return NAMESPACES.get(workload, "shop")


def container(workload, own, documents, label):
    config = f"{label}-0123456789"
    env = {}
    for key, value in own.get("env", {}).items():
        service, _, port = value.partition(":")
        away = port and service in TABLE["workloads"] and home(service) != home(workload)
        env[key] = f"{service}.{home(service)}:{port}" if away else value
    documents.append({"kind": "ConfigMap", "metadata": {"name": config, "namespace": home(workload)}, "data": env})
    probes = {}
    for key, field in facts.PROBES.items():
        if key in own:
            probe = dict(own[key])
            kind = probe.pop("type")
            action = {k: probe.pop(k) for k in ("path",) if k in probe}
            if "headers" in probe:
                action["httpHeaders"] = [{"name": k, "value": v} for k, v in probe.pop("headers").items()]
            probe.pop("port")
            action["port"] = own["ports"][0] if kind == "grpc" else "main"
            probes[field] = {kind: action, **facts.PROBE_DEFAULTS, **probe}
    return {
        "name": label,
        **{key: own[key] for key in ("image", "command", "args", "resources") if key in own},
        "envFrom": [{"configMapRef": {"name": config}}],
        "ports": [{"name": "main", "containerPort": port} for port in own.get("ports", [])],
        "volumeMounts": [{"name": "v", "mountPath": path} for path in own.get("mounts", {})],
        **probes,
    }


def stream():
    documents = []
    for workload, own in TABLE["workloads"].items():
        labels = {"platgen.io/workload": workload}
        metadata = {"name": workload, "namespace": home(workload)}
        pod = {
            "securityContext": {"runAsUser": own["user"], "runAsGroup": own["group"], "fsGroup": own["fs_group"]},
            "terminationGracePeriodSeconds": own.get("grace", 30),
            "initContainers": [container(workload, c, documents, name) for name, c in own.get("init", {}).items()],
            "containers": [container(workload, own, documents, workload)],
            "volumes": [{"name": "v", "emptyDir": {"sizeLimit": "1Gi"}}],
        }
        template = {"metadata": {"labels": labels, "annotations": own.get("annotations", {})}, "spec": pod}
        documents.append({"kind": own["kind"], "metadata": metadata, "spec": {"replicas": 1, "template": template}})
        for name, service in own.get("services", {}).items():
            ports = [{"name": k, "port": int(v.split("->")[0]), "targetPort": "main"} for k, v in service["ports"].items()]
            spec = {"type": service.get("type", "ClusterIP"), "selector": labels, "ports": ports}
            documents.append({"kind": "Service", "metadata": {"name": name, "namespace": home(workload)}, "spec": spec})
    return documents


def leaves(value, path=()):
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else None
    if items is None:
        yield path
    else:
        for key, below in items:
            yield from leaves(below, (*path, key))


class Comparison(unittest.TestCase):
    def differences(self, documents):
        return list(facts.differences(TABLE, facts.Stream(documents).facts()))

    def test_same_facts_in_another_shape(self):
        self.assertEqual(self.differences(stream()), [])

    def test_every_variable_image_and_figure_is_watched(self):
        seen = 0
        for path in leaves(original := stream()):
            watched = {"data", "image", "command", "cpu", "memory", "runAsUser", "periodSeconds", "initialDelaySeconds", "containerPort"}
            if not watched & set(path):
                continue
            damaged = copy.deepcopy(original)
            at = damaged
            for key in path[:-1]:
                at = at[key]
            at[path[-1]] = at[path[-1]] + 1 if isinstance(at[path[-1]], int) else at[path[-1]] + "x"
            self.assertNotEqual(self.differences(damaged), [], path)
            seen += 1
        self.assertGreater(seen, 150)

    def test_a_lost_workload_and_an_invented_one_show(self):
        documents = stream()
        lost = [d for d in documents if d["metadata"]["name"] != "adservice"]
        self.assertIn(("lost", "adservice/kind"), [d[:2] for d in self.differences(lost)])
        documents[-2]["metadata"]["name"] += "-2"
        self.assertIn("invented", [d[0] for d in self.differences(documents)])

    def test_an_address_in_the_wrong_namespace_shows(self):
        documents = stream()
        for document in documents:
            if document["kind"] == "ConfigMap" and "PAYMENT_SERVICE_ADDR" in document["data"]:
                document["data"]["PAYMENT_SERVICE_ADDR"] = "paymentservice:50051"
        self.assertEqual([d[:2] for d in self.differences(documents)], [("changed", "calls/checkoutservice")])

    def test_intended_differences_hold_only_under_their_conditions(self):
        self.assertTrue(facts.holds("same-container-port", "", "5000->8080", "8080->8080", TABLE))
        self.assertFalse(facts.holds("same-container-port", "", "5000->8080", "8080->5000", TABLE))
        self.assertTrue(facts.holds("same-target", "", "emailservice:5000", "emailservice:8080", TABLE))
        self.assertFalse(facts.holds("same-target", "", "emailservice:5000", "emailservice:7000", TABLE))
        self.assertFalse(facts.holds("same-target", "", "emailservice:5000", "adservice:8080", TABLE))
        self.assertFalse(facts.holds("at-least", "", 5, 3, TABLE))


if __name__ == "__main__":
    unittest.main()
