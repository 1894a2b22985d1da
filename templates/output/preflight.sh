set -u

missing=0
unseen=0

# missing NAME: reports something that does not exist.
missing() {
  missing=$((missing + 1))
  printf 'missing: %s\n' "$1"
}

# unseen NAME WHY: reports something that could not be looked at.
unseen() {
  unseen=$((unseen + 1))
  printf 'not looked at: %s: %s\n' "$1" "$(printf '%s\n' "$2" | grep -v '^$' | head -n 1)"
}

# exists NAME COMMAND...: the command finds the thing.
exists() {
  name=$1
  shift
  if answer=$("$@" 2>&1); then
    return
  fi
  case $answer in
    *'(NotFound)'* | *"doesn't have a resource type"* | *"couldn't find resource for"*) missing "$name" ;;
    *'error: field "'*'" does not exist'*) missing "$name" ;;
    *'(ResourceNotFoundException)'* | *'(NotFoundException)'* | *'(NoSuchEntity)'* | *'(404)'*) missing "$name" ;;
    *'(ImageNotFoundException)'* | *'(RepositoryNotFoundException)'*) missing "$name" ;;
    *NOT_FOUND* | *'No value found at'*) missing "$name" ;;
    *) unseen "$name" "$answer" ;;
  esac
}

# prints NAME COMMAND...: the command prints something.
prints() {
  name=$1
  shift
  if ! answer=$("$@" 2>&1); then
    unseen "$name" "$answer"
  elif [ -z "$answer" ]; then
    missing "$name"
  fi
}

# serves API KIND...: the API server has the version of the API, and each kind in it.
serves() {
  api=$1
  shift
  if answer=$(kubectl --context "$context" --request-timeout=20s get --raw "/apis/$api" 2>&1); then
    for kind in "$@"; do
      case $answer in
        *"\"kind\":\"$kind\""*) ;;
        *) missing "$kind of the API $api" ;;
      esac
    done
  else
    case $answer in
      *'(NotFound)'*) missing "API $api" ;;
      *) unseen "API $api" "$answer" ;;
    esac
  fi
}

# belongs PLATFORM/ENVIRONMENT/REGION: the cluster says that it is this one, or is new. In any other one nothing is looked at.
belongs() {
  label='.metadata.labels.platgen\.io/'
  identity="jsonpath={${label}platform}/{${label}environment}/{${label}region}"
  if answer=$(kubectl --context "$context" --request-timeout=20s get namespace platgen-system --output "$identity" 2>&1); then
    if [ "$answer" != "$1" ]; then
      printf 'refused: the cluster %s is %s, and these files are of %s\n' "$context" "$answer" "$1"
      exit 1
    fi
  else
    case $answer in
      *'(NotFound)'*) printf 'new: the cluster %s does not say yet whose it is; the first apply makes it %s\n' "$context" "$1" ;;
      *) unseen "whose the cluster $context is" "$answer" ;;
    esac
  fi
}

# tainted KEY VALUE: every node with the label has a taint of the same key and value that keeps pods away.
tainted() {
  name="taint $1=$2:NoSchedule"
  # The dollars belong to the template of kubectl.
  # shellcheck disable=SC2016
  template='{{range .items}}{{$tainted := false}}{{range .spec.taints}}{{if and (eq .key "'"$1"'") (eq .value "'"$2"'") (eq .effect "NoSchedule")}}{{$tainted = true}}{{end}}{{end}}{{if not $tainted}}{{.metadata.name}} {{end}}{{end}}'
  if ! answer=$(kubectl --context "$context" --request-timeout=20s get nodes --selector "$1=$2" --output "go-template=$template" 2>&1); then
    unseen "$name" "$answer"
  elif [ -n "$answer" ]; then
    missing "$name on $answer"
  fi
}

# allowed NAME COMMAND...: the command says yes.
allowed() {
  name=$1
  shift
  answer=$("$@" 2>/dev/null)
  case $answer in
    yes) ;;
    no*) missing "$name" ;;
    *) unseen "$name" 'kubectl says neither yes nor no' ;;
  esac
}

# resolves HOST: the host has an address.
resolves() {
  if ! command -v nslookup >/dev/null; then
    unseen "the DNS record of $1" 'nslookup is not installed'
  elif ! nslookup "$1" >/dev/null 2>&1; then
    missing "the DNS record of $1"
  fi
}

