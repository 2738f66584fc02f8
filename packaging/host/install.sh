#!/bin/sh
# Installs gandi-host, which `make build` made: `packaging/host/install.sh [PREFIX]`, below $DESTDIR if that is set.
# ZSH_COMPLETIONS=share/zsh/site-functions is for other systems than Debian; EXECUTABLE is another one than dist/gandi-host,
# made for another machine. The unit is enabled by a package, or by the admin.
set -eu
cd "$(dirname "$0")/../.."
prefix=${1:-/usr}
root=${DESTDIR:-}

copy() { # MODE FILE TARGET
  mkdir -p "$(dirname "$3")"
  sed -e "s|/usr/bin/gandi-host|$prefix/bin/gandi-host|g" "$2" > "$3.new"
  chmod "$1" "$3.new"
  mv "$3.new" "$3"
}

# A binary that may be running is replaced, not written into.
install -D -m 755 "${EXECUTABLE:-dist/gandi-host}" "$root$prefix/bin/gandi-host.new"
mv "$root$prefix/bin/gandi-host.new" "$root$prefix/bin/gandi-host"
for file in COPYING dist/host/THIRD-PARTY-LICENSES packaging/runtime-licenses/*; do
  install -D -m 644 "$file" "$root$prefix/share/doc/gandi-host/$(basename "$file")"
done
copy 644 dist/host/man/gandi-host.8 "$root$prefix/share/man/man8/gandi-host.8"
copy 644 dist/host/completions/bash/gandi-host "$root$prefix/share/bash-completion/completions/gandi-host"
copy 644 dist/host/completions/zsh/_gandi-host \
  "$root$prefix/${ZSH_COMPLETIONS:-share/zsh/vendor-completions}/_gandi-host"
copy 644 dist/host/completions/fish/gandi-host.fish "$root$prefix/share/fish/vendor_completions.d/gandi-host.fish"
for file in units/host/*; do copy 644 "$file" "$root$prefix/lib/systemd/system/${file##*/}"; done
