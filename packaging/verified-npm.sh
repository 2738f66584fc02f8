#!/bin/sh
# Installs one npm package without the lock, in what its publisher cannot change any more: `packaging/verified-npm.sh
# DIRECTORY PACKAGE@VERSION INTEGRITY`. The integrity is that of the lock file, sha512-BASE64 of the tarball. Another
# tarball is not unpacked.
set -eu
directory=$1
package=$2
expected=$3
work=$directory.new-$$
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT QUIT PIPE TERM
mkdir -p "$work"
(cd "$work" && npm pack --loglevel=error --ignore-scripts "$package" > /dev/null)
found=sha512-$(openssl dgst -sha512 -binary "$work"/*.tgz | base64 -w 0)
if [ "$found" != "$expected" ]; then
  echo "verified-npm: the registry's $package is not the one that is known: found $found, expected $expected; nothing is installed" >&2
  exit 1
fi
target=$directory/node_modules/${package%@*}
mkdir "$work/package"
tar -x -z --strip-components=1 --no-same-owner -C "$work/package" -f "$work"/*.tgz
rm -rf "$target"
mkdir -p "$(dirname "$target")"
mv "$work/package" "$target"
