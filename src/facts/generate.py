#!/usr/bin/env python3
"""Writes the tables of provider facts in this folder.

    python3 src/facts/generate.py CLONES

CLONES is a folder with git clones named OWNER/NAME, bare or not (see SOURCES). Needs PyYAML and cfn-lint, the source of the AWS zones. The
tables hold only facts: names, counts, sizes and dates. Line 1 of every table names the source and its date.
"""
import json
import pathlib
import re
import subprocess
import sys

import yaml

HERE = pathlib.Path(__file__).parent
AUTOSCALER = "kubernetes/autoscaler"
CNI = "aws/amazon-vpc-cni-k8s"
AZURE = "Azure/terraform-azurerm-avm-utl-regions"
GOOGLE = "Cyclenerd/google-cloud-pricing-cost-calculator"
REGISTRY = "kubernetes/registry.k8s.io"
VERSIONS = "endoflife-date/endoflife.date"
SOURCES = [AUTOSCALER, CNI, AZURE, GOOGLE, REGISTRY, VERSIONS]

# Zones that are closed for new AWS accounts. Zones are listed in the order of use, so these come last.
AMAZON_LAST = {"ap-northeast-1b", "ca-central-1c"}
# Google Cloud regions whose general-purpose zones are not a, b and c. Zones for accelerators are left out.
GOOGLE_ZONES = {"europe-west1": "bcd", "us-east1": "bcd", "us-central1": "abcf"}
# Virtual CPUs of shared-core machines; the source lists the billed fraction.
GOOGLE_SHARED = {"e2-micro": 2, "e2-small": 2, "e2-medium": 2, "f1-micro": 1, "g1-small": 1}
GOOGLE_ARM = {"a4x", "c4a", "n4a", "t2a"}
# Memory in MiB of Azure machines whose memory is not a whole number of GiB; the source rounds down.
AZURE_MEMORY = {"B1ls": 512, "D1": 3584, "D1_v2": 3584, "DS1": 3584, "DS1_v2": 3584, "M8ms": 224000, "M8-2ms": 224000, "M8-4ms": 224000,
                "M16ms": 448000, "M16-4ms": 448000, "M16-8ms": 448000}
# Machines with accelerators of AMD, Intel and Xilinx.
OTHER_GPUS = r"g4ad|dl1|.*MI300X|Standard_NP|Standard_NV\d+as_v4"
# GiB per virtual CPU, by the first letter of current AWS machine families.
AMAZON_MEMORY = {"c": 2, "m": 4, "r": 8}


def git(repository, *arguments):
    return subprocess.run(["git", "-C", CLONES / repository, *arguments], check=True, capture_output=True, text=True).stdout


def read(repository, path):
    return git(repository, "show", f"HEAD:{path}")


def source(repository, path):
    return f"{repository} {path} ({git(repository, 'log', '-1', '--format=%cs', '--', path).strip()})"


def write(name, sources, columns, rows):
    rows = sorted(rows, key=lambda row: row[0].encode())
    assert len({row[0] for row in rows}) == len(rows), name
    lines = [f"# {', '.join(columns)}; from {'; '.join(sources)}", *("\t".join(map(str, row)) for row in rows)]
    (HERE / name).write_text("\n".join(lines) + "\n")
    print(f"{name}: {len(rows)} rows, {(HERE / name).stat().st_size} bytes")


def go_table(repository, path):
    """The entries of a generated Go map: name -> field -> text."""
    found = {}
    for name, body in re.findall(r'^\t"([^"]+)": \{\n(.*?)^\t\},', read(repository, path), re.M | re.S):
        found[name] = dict(re.findall(r'^\t\t(\w+): +"?([^",]+)"?,', body, re.M))
    return found


def derived_amazon(name):
    """Parses the name of an eighth or ninth generation AWS machine: (architecture, cpus, MiB), or None."""
    match = re.fullmatch(r"([cmr])[89]([agi])[bden]*\.(?:metal-)?(\d*)(medium|large|xlarge|xl)", name)
    if not match:
        return None
    family, maker, count, size = match.groups()
    cpus = {"medium": 1, "large": 2}.get(size, 4) * int(count or 1)
    return "arm64" if maker == "g" else "amd64", cpus, cpus * AMAZON_MEMORY[family] * 1024


def amazon_machines():
    path, pods_path, limits_path = (
        "cluster-autoscaler/cloudprovider/aws/ec2_instance_types.go", "misc/eni-max-pods.txt", "pkg/vpc/vpc_ip_resource_limit.go")
    pods = dict(line.split() for line in read(CNI, pods_path).splitlines() if line and line[0] != "#")
    limits = go_table(CNI, limits_path)
    machines = {}
    for name, fields in go_table(AUTOSCALER, path).items():
        machines[name] = fields["Architecture"], int(fields["VCPU"]), int(fields["MemoryMb"])
        assert derived_amazon(name) in (None, machines[name]), name
    for name in pods:
        if name not in machines and derived_amazon(name):
            machines[name] = derived_amazon(name)
    rows = []
    for name, (architecture, cpus, memory) in machines.items():
        if name.startswith("mac"):
            continue
        addresses = int(pods[name])
        # A prefix is 16 addresses in place of one, on Nitro machines only. AWS recommends the maximum.
        nitro = limits.get(name, {}).get("HypervisorType") == "nitro" or limits.get(name, {}).get("IsBareMetal") == "true"
        prefixes = min((addresses - 2) * 16 + 2, 110 if cpus < 30 else 250) if nitro else "-"
        rows.append((name, architecture, cpus, memory, addresses, prefixes))
    write("aws-machines.tsv", [source(AUTOSCALER, path), source(CNI, pods_path), source(CNI, limits_path)],
          ["name", "architecture", "cpus", "memory MiB", "pods by addresses", "pods by prefixes"], rows)


def amazon_regions():
    import cfnlint
    import cfnlint.helpers
    path = "cmd/archeio/internal/app/buckets.go"
    # Only the bucket of the region itself: the private endpoint of a region reaches no other region's buckets.
    buckets = {region: name for name, region in re.findall(r"https://([a-z0-9-]+)\.s3\.dualstack\.([a-z0-9-]+)\.", read(REGISTRY, path))}
    rows = []
    for name, zones in cfnlint.helpers.AVAILABILITY_ZONES.items():
        if "iso" not in name:
            rows.append((name, ",".join(sorted(zones, key=lambda zone: (zone in AMAZON_LAST, zone))), buckets.get(name, "-")))
    write("aws-regions.tsv", [f"cfn-lint {cfnlint.version.__version__}", source(REGISTRY, path)],
          ["name", "zones", "bucket of registry.k8s.io in the region"], rows)


def google():
    path = "build/gcp.yml"
    tables = yaml.safe_load(read(GOOGLE, path))
    rows = []
    for name, fields in tables["compute"]["instance"].items():
        family = name.split("-")[0]
        if family == "custom":
            continue
        cpus = GOOGLE_SHARED.get(name, fields["cpu"])
        architecture = "arm64" if family in GOOGLE_ARM else "amd64"
        rows.append((name, architecture, int(cpus), round(fields["ram"] * 1024), "-", "-"))
        assert int(cpus) == cpus, name
    columns = ["name", "architecture", "cpus", "memory MiB", "pods by addresses", "pods by prefixes"]
    write("google-machines.tsv", [source(GOOGLE, path)], columns, rows)
    regions = [(name, ",".join(f"{name}-{zone}" for zone in GOOGLE_ZONES.get(name, "abc"))) for name in tables["region"]]
    write("google-regions.tsv", [source(GOOGLE, path)], ["name", "zones"], regions)


def azure_machines():
    path = "cluster-autoscaler/cloudprovider/azure/azure_instance_types.go"
    rows = []
    for name, fields in go_table(AUTOSCALER, path).items():
        memory = AZURE_MEMORY.get(name.removeprefix("Standard_"), int(fields["MemoryMb"]))
        rows.append((name, fields["Architecture"], int(fields["VCPU"]), memory, "-", "-"))
    columns = ["name", "architecture", "cpus", "memory MiB", "pods by addresses", "pods by prefixes"]
    write("azure-machines.tsv", [source(AUTOSCALER, path)], columns, rows)


def gpus():
    """The NVIDIA GPUs of machines; those of other makers are other resources of Kubernetes."""
    rows = []
    sources = []
    for cloud in ["aws/ec2_instance_types.go", "azure/azure_instance_types.go"]:
        path = f"cluster-autoscaler/cloudprovider/{cloud}"
        sources.append(source(AUTOSCALER, path))
        for name, fields in go_table(AUTOSCALER, path).items():
            if int(fields["GPU"]) and not re.match(OTHER_GPUS, name):
                rows.append((name, int(fields["GPU"])))
    sources.append(source(GOOGLE, "build/gcp.yml"))
    for name in yaml.safe_load(read(GOOGLE, "build/gcp.yml"))["compute"]["instance"]:
        if match := re.fullmatch(r"a\d-\w+gpu-(\d+)g", name):
            rows.append((name, int(match[1])))
        elif match := re.fullmatch(r"g2-standard-(\d+)", name):
            rows.append((name, {24: 2, 48: 4, 96: 8}.get(int(match[1]), 1)))
    write("gpus.tsv", sources, ["name", "GPUs of NVIDIA"], rows)


def azure_regions():
    path = "modules/cached-data/locations.tf.json"
    rows = []
    for place in json.loads(read(AZURE, path))["locals"]["locations_cached"]["value"]:
        if place["metadata"]["regionType"] != "Physical" or re.search(r"euap$|stg$|stage$", place["name"]):
            continue
        zones = sorted(mapping["logicalZone"] for mapping in place.get("availabilityZoneMappings") or [])
        rows.append((place["name"], ",".join(zones) or "-"))
    write("azure-regions.tsv", [source(AZURE, path)], ["name", "zones"], rows)


def versions():
    sources, rows = [], []
    for provider, product in [("aws", "amazon-eks"), ("azure", "azure-kubernetes-service"), ("google", "google-kubernetes-engine")]:
        path = f"products/{product}.md"
        sources.append(source(VERSIONS, path))
        for release in yaml.safe_load(read(VERSIONS, path).split("---")[1])["releases"]:
            if int(release["releaseCycle"].split(".")[1]) >= 31:
                key = f"{provider}-{release['releaseCycle']}"
                rows.append((key, release["releaseDate"], release["eol"], release.get("eoes", "-")))
    write("kubernetes-versions.tsv", sources, ["provider-version", "released", "end of standard support", "end of paid support"], rows)


if len(sys.argv) != 2:
    sys.exit(__doc__)
CLONES = pathlib.Path(sys.argv[1])
amazon_machines()
amazon_regions()
google()
azure_machines()
gpus()
azure_regions()
versions()
