set -eu
cd "$(dirname "$0")/../.."

usage() {
  sed -n 's/^# \{0,1\}//p' "kubernetes/$environment/apply.sh" | sed -n '/^Usage/,/^Exit/p' >&2
  exit 64
}

only='' since='' limit='' look='' new='' force='' prune=yes
while [ "$#" -gt 0 ]; do
  case $1 in
    --region | --since | --timeout)
      [ "$#" -ge 2 ] || usage
      case $1 in
        --region) only=$2 ;;
        --since) since=$2 ;;
        --timeout) limit=$2 ;;
      esac
      shift
      ;;
    --dry-run) look=yes ;;
    --new) new=yes ;;
    --force-conflicts) force=--force-conflicts ;;
    --no-prune) prune='' ;;
    *) usage ;;
  esac
  shift
done
case $limit in *[!0-9]*) usage ;; esac

# stop WHY: ends the script.
stop() {
  printf '%s\n' "$1" >&2
  exit 1
}

# kube ARGUMENT...: kubectl in the cluster of the region.
kube() {
  kubectl --context "$context" "$@" </dev/null
}

# apply_files ARGUMENT...: applies files as kubectl's own field manager, `kubectl`, like every command of README.md and RUNBOOK.md. With a manager
# of its own, the script would meet a conflict at each field that one of these set, and would never remove it.
apply_files() {
  kube apply --server-side ${force:+"$force"} "$@"
}

# identify: stops unless the cluster is the one of the region, or is new and the caller says so. Reads alone.
identify() {
  fresh=
  if [ -n "$guarded" ]; then
    label='.metadata.labels.platgen\.io/'
    said=$(kube --request-timeout=20s get namespace platgen-system --ignore-not-found --output "jsonpath={${label}platform}/{${label}environment}/{${label}region}") ||
      stop "refused: the cluster $context does not say whose it is: nothing is changed"
    case $said in
      "$platform/$environment/$region") return ;;
      '') fresh=yes ;;
      *) stop "refused: the cluster $context is $said, and these files are of $platform/$environment/$region: nothing is changed" ;;
    esac
    [ -n "$new" ] || stop "refused: the cluster $context does not say whose it is. If it is the new cluster of $platform/$environment/$region, add --new. Nothing is changed"
  fi
  # A cluster without an identity may all the same be somebody's.
  label='.metadata.labels "platgen.io/'
  kube --request-timeout=20s get namespaces --selector platgen.io/environment \
    --output "go-template={{range .items}}{{.metadata.name}} {{index ${label}platform\"}}/{{index ${label}environment\"}}{{\"\\n\"}}{{end}}" >"$work/owned"
  while read -r namespace owner; do
    if [ "$owner" = "$platform/$environment" ]; then continue; fi
    if [ -n "$guarded" ] || grep -q -F -x -e "Namespace - $namespace" "$work/objects"; then
      stop "refused: the cluster $context has the namespace $namespace of $owner, and these files are of $platform/$environment: nothing is changed"
    fi
  done <"$work/owned"
}

# split: puts the objects of the region into a file for each wave, $work/WAVE.yaml, and writes down
# - every object in $work/objects: KIND.GROUP NAMESPACE NAME, with `-` for no namespace,
# - what to wait for in $work/WAVE.waits: KIND.GROUP NAMESPACE NAME HOW,
# - the kinds of a wave in $work/WAVE.kinds.
split() {
  rm -rf "${work:?}"/*
  printf '%s\n' "$kinds" >"$work/of-kinds"
  printf '%s\n' "$files" >"$work/of-files"
  sed -n 's/^- //p' "$folder/kustomization.yaml" | tr -d '"' >"$work/list"
  set --
  while read -r file; do set -- "$@" "$folder/$file"; done <"$work/list"
  awk -v work="$work/" -v folder="$folder/" '
    function flush(    group, type, wave, of, place) {
      if (kind != "") {
        group = api
        if (!sub("/.*", "", group)) group = ""
        type = kind (group == "" ? "" : "." group)
        place = (namespace == "" ? "-" : namespace)
        of = substr(file, length(folder) + 1)
        wave = (of in turn) ? turn[of] : 0
        if (where[type] == "everywhere" || (where[type] == "rules" && of ~ "^cluster/|/namespace[.]yaml$")) wave = first[type]
        printf "---\n%s", text >>(work wave ".yaml")
        close(work wave ".yaml")
        print type, place, name >(work "objects")
        print kind >(work wave ".kinds")
        if (how[type] != "-" && how[type] != "") print type, place, name, how[type] >(work wave ".waits")
        print wave >(work "waves")
      }
      text = api = kind = name = namespace = ""
    }
    FILENAME == ARGV[1] { first[$1] = $2; where[$1] = $3; how[$1] = $4; next }
    FILENAME == ARGV[2] { turn[$1] = $2; next }
    FNR == 1 { flush(); file = FILENAME }
    /^---/ { flush(); next }
    { text = text $0 "\n"; value = $2; gsub(/["\047]/, "", value) }
    /^[^ ]/ { inside = ($1 == "metadata:") }
    /^apiVersion:/ { api = value }
    /^kind:/ { kind = value }
    inside && /^  name:/ { name = value }
    inside && /^  namespace:/ { namespace = value }
    END { flush() }
  ' "$work/of-kinds" "$work/of-files" "$@"
}

# note COMMITS: writes into the cluster of which commits it may hold objects. The next run prunes by it, whoever starts it and wherever.
note() {
  kubectl --context "$context" apply --server-side --force-conflicts --field-manager=platgen-apply --filename - >/dev/null <<END
apiVersion: v1
kind: ConfigMap
metadata:
  name: $record
  namespace: $keeper
  labels:
    platgen.io/platform: $platform
    platgen.io/environment: $environment
    platgen.io/region: $region
data:
  commits: "$1"
END
}

# job NAMESPACE NAME SECONDS: waits until a job is over.
job() {
  until=$(($(date +%s) + $3))
  while :; do
    state=$(kube --namespace "$1" get job "$2" --output 'jsonpath={.status.conditions[?(@.status=="True")].type}') || return 1
    case " $state " in
      *' Complete '*) return 0 ;;
      *' Failed '*)
        printf 'it failed. Read its log, mend the cause, delete it and run this script again:\n'
        printf '  kubectl --context %s --namespace %s logs jobs/%s --all-containers --tail=50\n' "$context" "$1" "$2"
        printf '  kubectl --context %s --namespace %s delete job %s\n' "$context" "$1" "$2"
        return 1
        ;;
    esac
    if [ "$(date +%s)" -ge "$until" ]; then
      printf 'it is not over after %s seconds\n' "$3"
      return 1
    fi
    sleep 1
  done
}

# ready TYPE NAMESPACE NAME HOW SECONDS: waits until an object works.
ready() {
  case $2/$4 in
    */rollout) kube --namespace "$2" rollout status "$1/$3" --timeout="$5s" ;;
    */job) job "$2" "$3" "$5" ;;
    -/*) kube wait "--for=$4" --timeout="$5s" "$1/$3" ;;
    *) kube --namespace "$2" wait "--for=$4" --timeout="$5s" "$1/$3" ;;
  esac
}

# settle WAVE: waits until everything in a wave works. Says of each object that does not, and stops.
settle() {
  [ -f "$work/$1.waits" ] || return 0
  began=$(date +%s)
  late=0
  while read -r type namespace name how; do
    most=600
    if [ "$how" = job ]; then most=$jobs; fi
    most=${limit:-$most}
    left=$((began + most - $(date +%s)))
    if [ "$left" -lt 1 ]; then left=1; fi
    if ! ready "$type" "$namespace" "$name" "$how" "$left" >"$work/said" 2>&1; then
      late=$((late + 1))
      printf 'not ready: %s %s/%s: %s\n' "$type" "$namespace" "$name" "$(cat "$work/said")" >&2
    fi
  done <"$work/$1.waits"
  if [ "$late" -gt 0 ]; then
    stop "stopped: $late not ready; kubectl describe and kubectl get events of their namespaces say why. Later waves are not applied. Run this script again when the cause is mended"
  fi
}

# install WAVE: runs the commands for charts that come after a wave: definitions of kinds, and the charts themselves.
install() {
  printf '%s\n' "$charts" | while read -r wave command; do
    if [ "$wave" = "$1" ]; then
      printf '%s\n' "$command"
      sh -ec "$command" </dev/null >/dev/null
    fi
  done
}

# gone COMMIT: prints what deletes the objects that the files of a commit had and these have not.
gone() {
  if git diff --quiet "$1" HEAD -- "$folder"; then return 0; fi
  sh removed.sh "$1" "$environment/$region" "$context"
}

# differ: prints what an apply would change, and nothing is changed. Sets $code to 2 if there is something.
differ() {
  kube get namespaces --output name >"$work/namespaces"
  # The server compares nothing in a namespace that does not exist yet.
  cat "$work"/*.yaml >"$work/all"
  awk -v known="$work/known" -v fresh="$work/fresh" '
    function flush() {
      if (kind != "" && (namespace == "" || ("namespace/" namespace) in there)) printf "---\n%s", text >known
      else if (kind != "") print "new: " kind " " namespace "/" name >fresh
      text = kind = name = namespace = ""
    }
    FILENAME == ARGV[1] { there[$1]; next }
    /^---/ { flush(); next }
    { text = text $0 "\n"; value = $2; gsub(/["\047]/, "", value) }
    /^[^ ]/ { inside = ($1 == "metadata:") }
    /^kind:/ { kind = value }
    inside && /^  name:/ { name = value }
    inside && /^  namespace:/ { namespace = value }
    END { flush() }
  ' "$work/namespaces" "$work/all"
  if [ -f "$work/fresh" ]; then
    cat "$work/fresh"
    code=2
  fi
  if [ -f "$work/known" ]; then
    found=0
    kube diff --server-side ${force:+"$force"} --filename "$work/known" || found=$?
    case $found in
      0) ;;
      1) code=2 ;;
      *) stop "kubectl can't compare: see above. For a conflict see \"A conflict of fields\" in RUNBOOK.md" ;;
    esac
  fi
  for commit in $earlier; do
    gone "$commit" >"$work/removal.sh"
    if grep -E '^(#|kubectl) ' "$work/removal.sh"; then code=2; fi
  done
}

# bring: applies the region, one wave after the other, and prunes.
bring() {
  if ! git diff --quiet HEAD -- "$folder" || [ -n "$(git ls-files --others --exclude-standard -- "$folder")" ]; then
    stop "refused: $folder has changes that no commit has, and pruning goes by commits: nothing is changed"
  fi
  head=$(git rev-parse HEAD)
  if [ -n "$fresh" ]; then apply_files --filename "$folder/cluster/identity.yaml" >/dev/null; fi
  case " $earlier " in
    *" $head "*) note "$earlier" ;;
    *) note "${earlier:+"$earlier "}$head" ;;
  esac
  printf '%s\n' "$charts" | sed 's/ .*//' >>"$work/waves"
  order=$(grep -v "^$" "$work/waves" | sort -n -u | tr "\n" " ")
  for wave in $order; do
    if [ -f "$work/$wave.yaml" ]; then
      printf 'applying %s\n' "$(LC_ALL=C sort "$work/$wave.kinds" | uniq -c | awk '{ printf "%s%s %s", (NR > 1 ? ", " : ""), $1, $2 }')"
      apply_files --filename "$work/$wave.yaml" >"$work/said" ||
        stop "stopped: see above. For a conflict see \"A conflict of fields\" in RUNBOOK.md. Later waves are not applied. Run this script again when the cause is mended"
      settle "$wave"
    fi
    install "$wave"
  done
  if [ -z "$prune" ]; then
    printf 'what left the files stays: the next run without --no-prune deletes it\n'
    return 0
  fi
  for commit in $earlier; do
    gone "$commit" >"$work/removal.sh"
    sed -n 's/^# \(.*\): kubectl/kept. \1: kubectl/p' "$work/removal.sh"
    if grep -q '^kubectl ' "$work/removal.sh"; then sh "$work/removal.sh"; fi
  done
  note "$head"
}

for tool in $tools; do
  command -v "$tool" >/dev/null || stop "$tool is not installed"
done
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
code=0
known=
for region in $regions; do
  if [ -n "$only" ] && [ "$only" != "$region" ]; then continue; fi
  known=yes
  about "$region"
  folder=kubernetes/$environment/$region
  printf '== %s/%s\n' "$environment" "$region"
  split
  identify
  earlier=$(kube --namespace "$keeper" get configmap "$record" --ignore-not-found --output 'jsonpath={.data.commits}')
  if [ -n "$since" ]; then earlier="${earlier:+"$earlier "}$(git rev-parse --verify "$since^{commit}")"; fi
  for commit in $earlier; do
    git cat-file -e "$commit^{commit}" 2>/dev/null ||
      stop "refused: the cluster has objects of the commit $commit, which this clone does not have: fetch it first. Nothing is changed"
  done
  if [ -n "$look" ]; then differ; else bring; fi
done
if [ -z "$known" ]; then stop "no region $only in $environment: $regions"; fi
exit "$code"
