#!/bin/sh
# Fetches a chart of helm, compares its archive with a SHA-256, and prints the path of the archive. One that was fetched before is compared again.
#
# Usage: sh chart.sh SHA256 CHART [FLAG]...   with the flags of `helm pull`
# Exit code: 0 the archive is the one that was asked for, 1 it is another one, or can't be fetched, 64 wrong usage
set -eu
if [ "$#" -lt 2 ]; then
  sed -n 's/^# \{0,1\}//p' "$0" | sed -n '/^Usage/,/^Exit/p' >&2
  exit 64
fi
wanted=$1
chart=$2
shift
cache=${XDG_CACHE_HOME:-${HOME:?}/.cache}/platgen/charts

# digest FILE: prints the SHA-256 of a file. macOS has the second program.
digest() {
  if command -v sha256sum >/dev/null; then sha256sum <"$1"; else shasum -a 256 <"$1"; fi | sed 's/ .*//'
}

if [ ! -f "$cache/$wanted.tgz" ] || [ "$(digest "$cache/$wanted.tgz")" != "$wanted" ]; then
  mkdir -p "$cache"
  work=$(mktemp -d "$cache/fetching.XXXXXX")
  trap 'rm -rf "$work"' EXIT
  trap 'exit 1' HUP INT TERM
  helm pull "$@" --destination "$work" >/dev/null
  set -- "$work"/*.tgz
  found=$(digest "$1")
  if [ "$found" != "$wanted" ]; then
    printf 'refused: the archive of %s has the SHA-256 %s, and %s is wanted. Nothing is installed.\n' "$chart" "$found" "$wanted" >&2
    printf 'Its repository serves another archive under this version. Find out why before anybody installs it.\n' >&2
    exit 1
  fi
  mv "$1" "$cache/$wanted.tgz"
fi
printf '%s\n' "$cache/$wanted.tgz"
