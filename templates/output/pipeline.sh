set -eu
cd "$(dirname "$0")"
tools=${TOOLS:-$HOME/.local/bin}

# The most bytes of a plan in a report: GitHub takes a MiB for the summary of a step.
longest=500000

# One copy of each provider for all roots.
export TF_PLUGIN_CACHE_DIR="${TF_PLUGIN_CACHE_DIR:-${TMPDIR:-/tmp}/platgen-providers}"

usage() {
  sed -n 's/^# \{0,1\}//p' "${0##*/}" | sed -n '/^Usage/,/^Exit/p' >&2
  exit 64
}

# Makes the installed programs visible to the steps of a job that follow.
announce() {
  if [ -n "${GITHUB_PATH:-}" ]; then
    printf '%s\n' "$tools" >>"$GITHUB_PATH"
  fi
}

# Makes a folder that ends with the script.
make_work() {
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
}

install_platgen() {
  : "${PLATGEN_RELEASES:?is not set: write the address of the releases of platgen, such as https://github.com/OWNER/REPOSITORY/releases/download}"
  case "$(uname -s)-$(uname -m)" in
    Linux-x86_64) target=x86_64-unknown-linux-musl ;;
    Linux-aarch64) target=aarch64-unknown-linux-musl ;;
    Darwin-arm64) target=aarch64-apple-darwin ;;
    Darwin-x86_64) target=x86_64-apple-darwin ;;
    *)
      echo "there is no release of platgen for $(uname -s) on $(uname -m)" >&2
      exit 1
      ;;
  esac
  make_work
  for file in "platgen-$target.tar.gz" SHA256SUMS; do
    curl --fail --silent --show-error --location --retry 3 --output "$work/$file" "$PLATGEN_RELEASES/v$platgen/$file"
  done
  sums=$(command -v sha256sum || echo 'shasum -a 256')
  (cd "$work" && grep " platgen-$target.tar.gz\$" SHA256SUMS | $sums --check -)
  mkdir -p "$tools"
  tar -xzf "$work/platgen-$target.tar.gz" -C "$tools" platgen
  announce
}

install_scanners() {
  mkdir -p "$tools"
  for scanner in yamllint $scanners; do
    case $scanner in
      yamllint) package=yamllint==$yamllint ;;
      checkov) package=checkov==$checkov ;;
      detect-secrets) package=detect-secrets==$detect_secrets ;;
      gitguardian) package=ggshield==$ggshield ;;
      gitleaks)
        GOBIN=$tools go install "github.com/zricethezav/gitleaks/v8@$gitleaks"
        continue
        ;;
    esac
    # pipx leaves another version that is installed as it is, unless it is forced
    PIPX_BIN_DIR=$tools pipx install --quiet --force "$package"
  done
  GOBIN=$tools go install "github.com/terraform-linters/tflint@$tflint"
  GOBIN=$tools go install "github.com/yannh/kubeconform/cmd/kubeconform@$kubeconform"
  if [ -d rule-tests ]; then install_promtool; fi
  announce
}

# Its module can't be installed with `go install`.
install_promtool() {
  case "$(uname -m)" in
    x86_64) processor=amd64 ;;
    aarch64 | arm64) processor=arm64 ;;
    *)
      echo "there is no release of Prometheus for $(uname -m) here" >&2
      exit 1
      ;;
  esac
  make_work
  name=prometheus-$prometheus.$(uname -s | tr '[:upper:]' '[:lower:]')-$processor
  for file in "$name.tar.gz" sha256sums.txt; do
    curl --fail --silent --show-error --location --retry 3 --output "$work/$file" \
      "https://github.com/prometheus/prometheus/releases/download/v$prometheus/$file"
  done
  sums=$(command -v sha256sum || echo 'shasum -a 256')
  (cd "$work" && grep " $name.tar.gz\$" sha256sums.txt | $sums --check -)
  tar -xzf "$work/$name.tar.gz" -C "$work" "$name/promtool"
  mv "$work/$name/promtool" "$tools/promtool"
}

# The folders of all Terraform roots.
roots() {
  find terraform -name backend.tf -exec dirname {} \; | LC_ALL=C sort
}

# initialize ROOT FLAG...: with the providers of the committed lock file, where there is one.
initialize() {
  root=$1
  shift
  if [ -f "$root/.terraform.lock.hcl" ]; then
    set -- "$@" -lockfile=readonly
  else
    echo "$root: commit .terraform.lock.hcl, so that jobs run the providers that people reviewed" >&2
  fi
  mkdir -p "$TF_PLUGIN_CACHE_DIR"
  terraform -chdir="$root" init -input=false "$@" >&2
}

test_roots() {
  terraform fmt -check -diff -recursive terraform
  failed=0
  for root in $(roots); do
    printf '\n== %s\n' "$root"
    if ! { initialize "$root" -backend=false && terraform -chdir="$root" validate && terraform -chdir="$root" test; }; then
      failed=1
    fi
  done
  exit "$failed"
}

# The Kubernetes objects of each region against the schemas of its version. Kinds of add-ons have none there.
conform() {
  wrong=0
  for list in kubernetes/*/*/kustomization.yaml; do
    folder=${list%/*}
    version=$(printf '%s\n' "$versions" | sed -n "s|^${folder#kubernetes/} ||p")
    printf '%s: ' "$folder"
    sed -n 's/^- //p' "$list" | tr -d '"' | sed "s|^|$folder/|" |
      xargs kubeconform -strict -summary -ignore-missing-schemas -kubernetes-version "$version" -schema-location "${KUBERNETES_SCHEMAS:-default}" || wrong=1
  done
  return "$wrong"
}

# Every scanner runs, so that one run tells every finding.
scan() {
  failed=0
  yamllint . || failed=1
  if [ -n "$versions" ]; then conform || failed=1; fi
  if [ -d rule-tests ]; then promtool test rules rule-tests/*.yaml || failed=1; fi
  tflint --recursive --config "$PWD/.tflint.hcl" || failed=1
  for scanner in $scanners; do
    case $scanner in
      checkov) checkov --directory . --quiet --compact || failed=1 ;;
      detect-secrets)
        find . -type f ! -path '*/.terraform/*' -exec detect-secrets-hook --baseline .secrets.baseline {} + || failed=1
        ;;
      gitleaks) gitleaks dir . --no-banner --redact || failed=1 ;;
      gitguardian) ggshield secret scan path --recursive --yes . || failed=1 ;;
    esac
  done
  exit "$failed"
}

# Puts the token of a job of GitLab where Terraform looks for it. Jobs of GitHub are signed in by an action.
sign_in() {
  if [ -n "${AWS_TOKEN:-}" ]; then
    (umask 077 && printf '%s' "$AWS_TOKEN" >"$work/token")
    export AWS_WEB_IDENTITY_TOKEN_FILE="$work/token"
  fi
}

# The resources that a plan deletes, alone or to make them anew.
deleted() {
  sed -n -E 's/^  # (.*) (will be destroyed|must be replaced|is tainted, so must be replaced|will be replaced, as requested)$/- \1 \2/p' "$1"
}

plan() {
  make_work
  sign_in
  code=0
  initialize "$1" || code=1
  if [ "$code" -eq 0 ]; then
    # The role of jobs that plan writes nothing, not even a lock.
    terraform -chdir="$1" plan -input=false -lock=false -detailed-exitcode -out="$kept" >&2 || code=$?
  fi
  case $code in
    0) printf '### %s\n\nNo changes.\n\n' "$1" ;;
    2)
      terraform -chdir="$1" show -no-color "$kept" >"$work/text"
      printf '### %s\n\n%s\n\n' "$1" "$(grep '^Plan:' "$work/text" || echo 'Outputs change.')"
      if [ -n "$(deleted "$work/text")" ]; then
        printf '**This plan deletes:**\n\n%s\n\n' "$(deleted "$work/text")"
      fi
      if [ "$(wc -c <"$work/text")" -gt "$longest" ]; then
        printf '**The report has the start of the plan: the log of the job has all of it.**\n\n'
      fi
      printf '<details><summary>The plan of %s</summary>\n\n~~~\n%s\n~~~\n\n</details>\n\n' "$1" "$(head -c "$longest" "$work/text")"
      ;;
    *) printf '### %s\n\nThe plan failed: the log of the job says why. A root that builds on one which does not exist yet\nis planned once that one is applied.\n\n' "$1" ;;
  esac
  exit "$code"
}

apply() {
  make_work
  sign_in
  initialize "$1"
  terraform -chdir="$1" apply -input=false "$kept"
}

# Reverts a commit on a branch of its own: a merge commit with all that it brought.
revert() {
  if [ "$#" -ne 1 ] || [ -z "$1" ]; then
    usage
  fi
  if ! commit=$(git rev-parse --quiet --verify "$1^{commit}") || ! git merge-base --is-ancestor "$commit" HEAD; then
    echo "$1 is no commit of the branch that is checked out" >&2
    exit 1
  fi
  git checkout --quiet -b "rollback/$(git rev-parse --short=12 "$commit")" || exit 1
  set -- --no-edit
  if git rev-parse --quiet --verify "$commit^2" >/dev/null; then
    set -- "$@" --mainline 1
  fi
  if ! git revert "$@" "$commit"; then
    git revert --abort
    echo "later commits changed the same lines: change the spec back by hand, and render" >&2
    exit 1
  fi
}

# known ROOT: the folder of a root.
known() {
  if [ "$#" -ne 1 ] || [ ! -f "$1/backend.tf" ]; then
    usage
  fi
}

[ "$#" -ge 1 ] || usage
command=$1
shift
case $command in
  install-platgen) install_platgen ;;
  install-scanners) install_scanners ;;
  test) test_roots ;;
  scan) scan ;;
  plan) known "$@" && plan "$1" ;;
  apply) known "$@" && apply "$1" ;;
  revert) revert "$@" ;;
  *) usage ;;
esac
