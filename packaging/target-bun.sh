#!/bin/sh
# Prints the path of Bun's executable for another machine, `packaging/target-bun.sh arm64`: from the npm registry, in the
# version and with the integrity that package-lock.json has, kept in the cache.
set -eu
case $1 in
  arm64) package=bun-linux-aarch64 ;;
  amd64) package=bun-linux-x64-baseline ;;
  *)
    echo "target-bun: there is no Bun for $1; expected amd64 or arm64" >&2
    exit 2
    ;;
esac
root=$(cd "$(dirname "$0")/.." && pwd)
version=$(sed -n 's|.*"@oven/bun-linux-x64-baseline": "\(.*\)".*|\1|p' "$root/package.json")
cache=${GANDI_GUEST_CACHE:-$HOME/.cache/gandi-guest}/$package-$version-verified
bun=$cache/node_modules/@oven/$package/bin/bun
if [ ! -x "$bun" ]; then
  integrity=$(sed -n "/\"node_modules\/@oven\/$package\": {/,/}/s/.*\"integrity\": \"\(.*\)\".*/\1/p" "$root/package-lock.json")
  "$root/packaging/verified-npm.sh" "$cache" "@oven/$package@$version" "$integrity" >&2
fi
echo "$bun"
