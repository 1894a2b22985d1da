
set -eu
umask 077
cd "$(dirname "$0")"
name=%NAME%
KUBECONFIG=$PWD/kubeconfig
export KUBECONFIG

# fail: says why nothing more is done.
fail() {
  printf '%s\n' "$*" >&2
  exit 1
}

# kube: kubectl with the context of this cluster, the only one that the kubeconfig has.
kube() {
  kubectl --context "kind-$name" "$@"
}

# namespace NAMESPACE: makes it, if it is missing.
namespace() {
  kube get namespace "$1" > /dev/null 2>&1 || kube create namespace "$1"
}

# addon TITLE NAMESPACE ADDRESS: installs a manifest whose objects name their namespaces.
addon() {
  printf '%s\n' "installing $1"
  kube apply --server-side --force-conflicts --filename "$3" > /dev/null
  kube --namespace "$2" wait deployment --all --for=condition=Available --timeout=600s > /dev/null
}

# bundle TITLE NAMESPACE ADDRESS: installs a manifest into a namespace.
bundle() {
  printf '%s\n' "installing $1"
  namespace "$2"
  kube --namespace "$2" apply --server-side --force-conflicts --filename "$3" > /dev/null
  kube --namespace "$2" wait deployment --all --for=condition=Available --timeout=600s > /dev/null
}

# strimzi TITLE NAMESPACE ADDRESS: installs the operator for every namespace. Its manifest is written for one.
strimzi() {
  printf '%s\n' "installing $1"
  namespace "$2"
  for role in namespaced watched; do
    kube create clusterrolebinding "strimzi-cluster-operator-$role" --clusterrole="strimzi-cluster-operator-$role" \
      --serviceaccount="$2:strimzi-cluster-operator" --dry-run=client --output=yaml | kube apply --filename - > /dev/null
  done
  kube create clusterrolebinding strimzi-cluster-operator-entity-operator-delegation --clusterrole=strimzi-entity-operator \
    --serviceaccount="$2:strimzi-cluster-operator" --dry-run=client --output=yaml | kube apply --filename - > /dev/null
  curl --fail --silent --show-error --location --output "$work/strimzi.yaml" "$3"
  sed -e "s/namespace: myproject/namespace: $2/" -e '/name: STRIMZI_NAMESPACE$/{n;N;N;s/valueFrom:.*/value: "*"/;}' "$work/strimzi.yaml" |
    kube --namespace "$2" apply --server-side --force-conflicts --filename - > /dev/null
  kube --namespace "$2" wait deployment --all --for=condition=Available --timeout=600s > /dev/null
}

# chart TITLE NAMESPACE ADDRESS VERSION: installs the chart of Cilium from its repository.
chart() {
  printf '%s\n' "installing $1"
  helm --kube-context "kind-$name" upgrade --install cilium cilium --repo "$3" --version "$4" --namespace "$2" --set ipam.mode=kubernetes > /dev/null
}

# class NAME: makes a GatewayClass of Envoy Gateway.
class() {
  kube apply --server-side --filename - > /dev/null << EOF_OF_CLASS
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata:
  name: $1
spec:
  controllerName: gateway.envoyproxy.io/gatewayclass-controller
EOF_OF_CLASS
}

# certificate NAMESPACE SECRET HOSTS: makes a certificate of its own for hosts, unless there is one for these hosts.
certificate() {
  known=$(kube --namespace "$1" get secret "$2" --output 'jsonpath={.metadata.annotations.hosts}' 2> /dev/null) || known=
  if [ "$known" = "$3" ]; then return 0; fi
  openssl req -x509 -newkey rsa:2048 -nodes -days 365 -subj "/CN=$2" -addext "subjectAltName=$3" \
    -keyout "$work/tls.key" -out "$work/tls.crt" 2> /dev/null
  kube --namespace "$1" create secret tls "$2" --cert="$work/tls.crt" --key="$work/tls.key" --dry-run=client --output=yaml |
    kube annotate --local --filename - "hosts=$3" --output=yaml | kube apply --server-side --force-conflicts --filename -
  cat "$work/tls.crt" >> certificate.pem
}

# read_values: puts each value of secrets.env into a file of its own, NAMESPACE/SECRET/KEY.
read_values() {
  [ -f secrets.env ] || fail "secrets.env is missing: copy secrets.example.env to it, and write a value after each \`=\`"
  number=0
  while IFS= read -r line || [ -n "$line" ]; do
    number=$((number + 1))
    case $line in
      '' | '#'*) continue ;;
    esac
    entry=${line%%=*}
    value=${line#*=}
    case $entry in
      "$line" | *..* | *[!A-Za-z0-9._/#-]*) fail "secrets.env: line $number is no NAMESPACE/SECRET#KEY=VALUE. A value of several lines is in a file: NAMESPACE/SECRET#KEY=@FILE" ;;
      */*'#'*) ;;
      *) fail "secrets.env: line $number is no NAMESPACE/SECRET#KEY=VALUE. A value of several lines is in a file: NAMESPACE/SECRET#KEY=@FILE" ;;
    esac
    [ -n "$value" ] || continue
    mkdir -p "$work/${entry%%#*}"
    case $value in
      @*) cp "${value#@}" "$work/${entry%%#*}/${entry#*#}" ;;
      *) printf '%s' "$value" > "$work/${entry%%#*}/${entry#*#}" ;;
    esac
  done < secrets.env
}

# need NAMESPACE/SECRET KEY: notes a value that is missing. Without a key, one value of the Secret is enough.
missing=
need() {
  if [ -n "${2-}" ] && [ -s "$work/$1/$2" ]; then return 0; fi
  if [ -z "${2-}" ] && [ -d "$work/$1" ]; then return 0; fi
  missing="$missing
  $1#${2-KEY}="
}

# secret NAMESPACE SECRET: makes the Secret of its values.
secret() {
  namespace "$1"
  kube --namespace "$1" create secret generic "$2" --from-file="$work/$1/$2" --dry-run=client --output=yaml |
    kube apply --server-side --force-conflicts --filename -
}

absent=
for tool in %TOOLS%; do
  command -v "$tool" > /dev/null || absent="$absent $tool"
done
[ -z "$absent" ] || fail "not installed:$absent"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
%VALUES%
if kind get clusters 2> /dev/null | grep -Fqx -- "$name"; then
  kind export kubeconfig --name "$name" --kubeconfig "$KUBECONFIG"
else
  rm -f certificate.pem
  kind create cluster --name "$name" --config cluster.yaml --kubeconfig "$KUBECONFIG"
fi
%NETWORK%kube wait nodes --all --for=condition=Ready --timeout=600s > /dev/null
%ADDONS%
# Webhooks of add-ons may not answer at once.
attempt=1
until kube apply --server-side --force-conflicts --kustomize . > /dev/null; do
  [ "$attempt" -lt 6 ] || fail "the files can't be applied: see above"
  attempt=$((attempt + 1))
  sleep 10
done
%ROLLOUTS%
