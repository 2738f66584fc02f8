#!/bin/sh
# Installs what `make build` made: `packaging/install.sh [PREFIX]`, below $DESTDIR if that is set. It needs no systemd,
# so that it works on the tree of a guest or package being built. zsh looks for completions of packages in
# share/zsh/vendor-completions on Debian and Ubuntu; ZSH_COMPLETIONS=share/zsh/site-functions is for other systems.
# FOR_PACKAGE=1 leaves out what a package manager does by itself; EXECUTABLE is another one than dist/gandi, made for
# another machine.
set -eu
cd "$(dirname "$0")/.."
prefix=${1:-/usr}
root=${DESTDIR:-}
library=$root$prefix/lib/gandi
units=$root$prefix/lib/systemd/system
executable=${EXECUTABLE:-dist/gandi}
for_package=${FOR_PACKAGE:-}

# Our files name each other by their paths below /usr.
copy() { # MODE FILE TARGET
  mkdir -p "$(dirname "$3")"
  sed -e "s|/usr/lib/gandi|$prefix/lib/gandi|g" -e "s|/usr/sbin/gandi|$prefix/sbin/gandi|g" "$2" > "$3.new"
  chmod "$1" "$3.new"
  mv "$3.new" "$3"
}

# In /etc the admin's version stays.
copy_once() { # MODE FILE TARGET
  if [ ! -e "$3" ] && [ ! -L "$3" ]; then copy "$1" "$2" "$3"; fi
}

# A binary that may be running is replaced, not written into.
install_program() { # MODE FILE
  install -D -m "$1" "$2" "$library/$(basename "$2").new"
  mv "$library/$(basename "$2").new" "$library/$(basename "$2")"
}

# The map of autofs that version 2 had calls what goes with it.
is_map_of_version_2() { # FILE
  [ -f "$1" ] && ! grep -q gandi-mount "$1" &&
    { grep -q blkid "$1" || [ -e "$root/etc/init.d/gandi-bootstrap" ]; }
}

# Whether that unit of ours was installed before. Version 2 had units of these names, as links or as copies.
was_installed() { # UNIT
  [ -f "$units/$1" ] && [ ! -L "$units/$1" ] && ! grep -q '^ExecStart=/etc/init\.d/gandi-' "$units/$1"
}

# What "systemctl preset" does at a first installation: links in /etc for the units that the preset file enables.
enable_unit() { # UNIT
  if [ "$(readlink "$root/etc/systemd/system/$1")" = /dev/null ]; then return; fi
  for kind in Wanted:wants Required:requires; do
    for target in $(sed -n "s/^${kind%:*}By=//p" "$units/$1"); do
      folder=$root/etc/systemd/system/$target.${kind#*:}
      mkdir -p "$folder"
      ln -sf "$prefix/lib/systemd/system/$1" "$folder/$1"
    done
  done
}

install_program 644 dist/gandi.cjs
if [ -e "$executable" ]; then install_program 755 "$executable"; fi
# Of another architecture there is none, and one of a version before must not stay.
read_ahead=$(dirname "$executable")/gandi-read-ahead
if [ -e "$read_ahead" ]; then install_program 755 "$read_ahead"; else rm -f "$library/gandi-read-ahead"; fi
copy 755 packaging/launcher.sh "$library/gandi-launcher"
copy 755 packaging/steady.sh "$library/gandi-steady"
copy 755 packaging/replace-version-2.sh "$library/replace-version-2"
copy 755 packaging/mount-needed.sh "$library/gandi-mount-needed"
copy 755 packaging/await-unmount.sh "$library/gandi-await-unmount"
copy 755 packaging/ready.sh "$library/gandi-ready"
mkdir -p "$root$prefix/sbin"
for program in bootstrap mount config postboot guest; do
  ln -sfn ../lib/gandi/gandi-launcher "$root$prefix/sbin/gandi-$program"
done
copy 755 packaging/mdata-links.sh "$library/mdata-links"
# Another package may have them, so they can belong to none.
if [ -z "$for_package" ]; then packaging/mdata-links.sh add "$root$prefix"; fi
for file in COPYING README.md dist/THIRD-PARTY-LICENSES packaging/runtime-licenses/*; do
  install -D -m 644 "$file" "$root$prefix/share/doc/gandi-guest/$(basename "$file")"
done

for file in dist/man/*; do
  volume=${file##*.}
  copy 644 "$file" "$root$prefix/share/man/man$volume/${file##*/}"
done
install_completions() { # SHELL DIRECTORY
  for file in dist/completions/"$1"/*; do copy 644 "$file" "$root$prefix/$2/${file##*/}"; done
}
install_completions bash share/bash-completion/completions
install_completions zsh "${ZSH_COMPLETIONS:-share/zsh/vendor-completions}"
install_completions fish share/fish/vendor_completions.d

for file in units/*.*; do
  [ -f "$file" ] || continue
  name=${file##*/}
  case $name in
    *.preset) copy 644 "$file" "$root$prefix/lib/systemd/system-preset/$name" ;;
    *)
      if ! was_installed "$name"; then new_units="${new_units:-} $name"; fi
      copy 644 "$file" "$units/$name"
      ;;
  esac
done
for file in units/*.d/*.conf; do
  [ -f "$file" ] || continue
  copy 644 "$file" "$units/${file#units/}"
done
# A package manager asks systemd's own tools to enable units when it installs them.
if [ -n "$for_package" ]; then new_units=; fi
for unit in ${new_units:-}; do
  if grep -qx "enable $unit" units/*.preset; then enable_unit "$unit"; fi
done

for file in udev/*.rules; do
  [ -f "$file" ] || continue
  copy 644 "$file" "$root$prefix/lib/udev/rules.d/${file##*/}"
done
for file in kernel/*.install; do
  [ -f "$file" ] || continue
  copy 755 "$file" "$root$prefix/lib/kernel/install.d/${file##*/}"
done
for file in dhcpcd/*; do
  [ -f "$file" ] || continue
  copy 644 "$file" "$root$prefix/lib/dhcpcd/dhcpcd-hooks/${file##*/}"
done
# auto.master.d/NAME.autofs names a map; a map without a suffix is a program that prints entries: autofs(5).
for file in autofs/*; do
  [ -f "$file" ] || continue
  case $file in
    # "gandi-mount apply-mode" makes and changes this file, so it cannot belong to a package as a file of the admin's.
    *.autofs) [ -n "$for_package" ] || copy_once 644 "$file" "$root/etc/auto.master.d/${file##*/}" ;;
    *)
      target=$root/etc/${file##*/}
      # What an admin made of it is not lost.
      if is_map_of_version_2 "$target"; then mv "$target" "$target.old"; fi
      copy_once 755 "$file" "$target"
      ;;
  esac
done
mkdir -p "$root/etc/gandi/hooks"
if [ -d etc ]; then
  find etc -type f | while IFS= read -r file; do
    mode=644
    if [ -x "$file" ]; then mode=755; fi
    copy_once "$mode" "$file" "$root/$file"
  done
fi
