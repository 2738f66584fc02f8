#!/bin/sh
# Makes a Debian package of what `make build` made: `packaging/make-deb.sh ARCHITECTURE [gandi-host]`, amd64 or arm64;
# gandi-guest by default. EXECUTABLE is that of gandi-guest for that architecture; gandi-host's lies beside it. COMPRESSION
# is "none" for a package that is made quickly, xz by default; OUTPUT is the directory for the package, dist by default.
set -eu
PROJECT=$(cd "$(dirname "$0")/.." && pwd)
export PROJECT
name=${2:-gandi-guest}
HOST_EXECUTABLE=$(dirname "${EXECUTABLE:-dist/gandi}")/gandi-host
export HOST_EXECUTABLE
needed=${EXECUTABLE:-dist/gandi}
definition=packaging/debian
if [ "$name" = gandi-host ]; then
  needed=$HOST_EXECUTABLE
  definition=packaging/host/debian
fi
# Without it the guest's package would be installed all the same, and start on Node.js alone.
(cd "$PROJECT" && [ -x "$needed" ]) || {
  echo "make-deb: $needed is missing: npm left out Bun. Remove node_modules and dist, and try again" >&2
  exit 1
}
architecture=$1
output=$(cd "${OUTPUT:-$PROJECT/dist}" && pwd)
version=$(sed -n 's/.*"version": "\(.*\)",/\1/p' "$PROJECT/package.json")
package=${name}_${version}_$architecture

# Named and guarded before it is there: a signal at any moment leaves nothing. A shell that a signal ends does not come to
# its EXIT trap by itself.
work=$output/deb-$$
trap 'rm -rf ${work:+"$work"}' EXIT
trap 'exit 1' HUP INT QUIT PIPE TERM
# What was there before is somebody else's.
mkdir "$work" || { work= && exit 1; }
# debhelper works in ./debian and leaves its traces there; dpkg-buildpackage writes into the directory above.
mkdir "$work/source"
cp -R "$PROJECT/$definition" "$work/source/debian"
# What both packages share, under the name of this one.
if [ "$name" = gandi-host ]; then
  cp -R "$PROJECT/packaging/debian/source" "$PROJECT/packaging/debian/copyright" "$work/source/debian/"
  sed "s/^gandi-guest (/$name (/" "$PROJECT/packaging/debian/changelog" > "$work/source/debian/changelog"
fi
cd "$work/source"

if [ "$(dpkg-parsechangelog --show-field Version)" != "$version" ]; then
  echo "make-deb: packaging/debian/changelog does not begin with version $version of package.json" >&2
  exit 1
fi
# No signature. What is built with is here already, and apt may not know the other architecture's. The time in the package
# is that of the changelog.
dpkg-buildpackage --build=binary --no-sign --no-check-builddeps --host-arch="$architecture" > ../log 2>&1 || {
  cat ../log >&2
  exit 1
}
mv "../$package.deb" "$output/"
