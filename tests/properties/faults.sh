#!/bin/sh
# What faults cost: instructions of `validate` over a spec without faults and over one where each fifth app has one. Needs valgrind.
#   faults.sh PLATGEN TESTS [APPS]     the program and the integration tests, built alike; the tests print the specs
set -eu
apps=${3:-5000}
folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT
count() {
    PLATGEN_MANY=$apps,$1 "$2" > "$folder/spec.yaml"
    valgrind --tool=callgrind --callgrind-out-file=/dev/null "$3" validate --quiet "$folder/spec.yaml" 2>&1 | sed -n 's/.*Collected : //p'
}
without=$(count 0 "$2" "$1")
with=$(count $((apps / 5)) "$2" "$1")
echo "$apps apps: $without instructions without faults, $with with $((apps / 5)): $((with * 100 / without)) %"
