#!/bin/sh
# Makes an RPM package of what `make build` made: `packaging/make-rpm.sh ARCHITECTURE [gandi-host]`, amd64 or arm64 as Debian
# calls them; gandi-guest by default. EXECUTABLE is that of gandi-guest for that architecture; gandi-host's lies beside it.
# COMPRESSION is "none" for a package that is made quickly, xz by default; OUTPUT is the directory for the package, dist by
# default. RELEASE counts packages of one version, from 1.
set -eu
project=$(cd "$(dirname "$0")/.." && pwd)
version=$(sed -n 's/.*"version": "\(.*\)",/\1/p' "$project/package.json")
case $1 in
  amd64) architecture=x86_64 ;;
  arm64) architecture=aarch64 ;;
  *)
    echo "make-rpm: expected amd64 or arm64, not $1" >&2
    exit 2
    ;;
esac
name=${2:-gandi-guest}
HOST_EXECUTABLE=$(dirname "${EXECUTABLE:-dist/gandi}")/gandi-host
export HOST_EXECUTABLE
needed=${EXECUTABLE:-dist/gandi}
if [ "$name" = gandi-host ]; then needed=$HOST_EXECUTABLE; fi
# Without it the guest's package would be installed all the same, and start on Node.js alone.
(cd "$project" && [ -x "$needed" ]) || {
  echo "make-rpm: $needed is missing: npm left out Bun. Remove node_modules and dist, and try again" >&2
  exit 1
}
# As rpm calls them: level 6 with all processors, or a plain file.
case ${COMPRESSION:-xz} in
  none) payload=w.ufdio ;;
  *) payload=w6T0.xzdio ;;
esac
output=$(cd "${OUTPUT:-$project/dist}" && pwd)
# Named and guarded before it is there: a signal at any moment leaves nothing. A shell that a signal ends does not come to
# its EXIT trap by itself.
work=$output/rpm-$$
trap 'rm -rf ${work:+"$work"}' EXIT
trap 'exit 1' HUP INT QUIT PIPE TERM
# What was there before is somebody else's.
mkdir "$work" || { work= && exit 1; }
# One changelog for both packages; its first line that begins so holds the date.
SOURCE_DATE_EPOCH=$(date --date="$(sed -n 's/^ -- .*>  //p' "$project/packaging/debian/changelog" | head -n 1)" +%s)
export SOURCE_DATE_EPOCH
rpmbuild -bb --target "$architecture" --define "_topdir $work" --define "project $project" --define "version $version" \
  --define "release ${RELEASE:-1}" --define "payload $payload" "$project/packaging/rpm/$name.spec" > "$work/log" 2>&1 || {
  cat "$work/log" >&2
  exit 1
}
mv "$work/RPMS/$architecture/$name-$version-${RELEASE:-1}.$architecture.rpm" "$output/"
