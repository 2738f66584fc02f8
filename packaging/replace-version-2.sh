#!/bin/sh
# Takes away what version 2 of Gandi's guest tools (gandi-hosting-vm, gandi-hosting-vm2) leaves in a guest, so that
# nothing runs twice, and carries over what its admin had changed: `replace-version-2 [ROOT]`. The packages call it when
# they are configured; in an image that was built by hand it is called by hand, before or after "make install". It runs
# before any program of ours can: in an image, for another machine, without /proc. So it is a shell script.
#
# Where version 2 is not there, nothing is done. CHANGED says that it was there a moment ago, and names those of its files of
# which the caller knows that the admin changed them, where dpkg cannot tell.
#
# Only files of version 2 by name are looked at. One that is as its package delivered it goes. One that differs, or that
# no package knows, is kept as NAME.old, which nothing runs, with a line that says so; an admin's own file is not touched.
# The key of Gandi's packages (/etc/apt/trusted.gpg.d/gandi-archive.gpg) stays: apt checks the guest's mirror by it. So does
# /var/gandi, where an admin's plugins may keep something.
set -eu
root=${1:-}
root=${root%/}

services='bootstrap config mount postboot'
built_in_plugins='01-config_console 02-config_system_file 03-vm-fix-cron 07-config_timezone 11-config_ssh 13-config_motd
  16-vm-fix-ext3'

say() { echo "gandi-guest: $*" >&2; }

exists() { [ -e "$root$1" ] || [ -L "$root$1" ]; }

# What only version 2 has. debian/gandi-guest.preinst has the same list. The init scripts are the last to go, so that a run
# that was cut off is made up for by the next one.
version_2_is_there() {
  for file in /etc/init.d/gandi-bootstrap /etc/init.d/gandi-config /etc/init.d/gandi-mount /etc/init.d/gandi-postboot \
    /etc/gandi/manage_iface.sh /usr/share/gandi/get_json.py; do
    if exists "$file"; then return 0; fi
  done
  [ -n "${CHANGED+set}" ]
}
version_2_is_there || exit 0

# Lines " PATH MD5" of the files below /etc as the old packages delivered them; nothing where there is no dpkg.
delivered=$(dpkg-query ${root:+--root="$root"} --show --showformat='${Conffiles}\n' \
  gandi-hosting-vm gandi-hosting-vm2 2> /dev/null || true)

# A file without what the scripts of version 2 themselves had changed in it: rules that they commented out, and init
# scripts in which they put another name for udev.
without_own_changes() { # PATH
  sed -e 's/^#disabled# \{0,1\}//' -e ':again' \
    -e 's/^\(# \(X-Start-After\|Required-Start\):.*\) boot\.udev/\1udev/' -e 'tagain' "$root$1"
}

digest() { md5sum | cut -d ' ' -f 1; }

# unknown, same or changed.
state_of() { # PATH
  known=$(echo "$delivered" | while read -r path digest _; do
    if [ "$path" = "$1" ]; then echo "$digest"; fi
  done)
  if [ -z "$known" ]; then
    case " ${CHANGED:-} " in *" $1 "*) echo changed ;; *) echo unknown ;; esac
  elif [ "$known" = "$(digest < "$root$1")" ] || [ "$known" = "$(without_own_changes "$1" | digest)" ]; then
    echo same
  else
    echo changed
  fi
}

retire() { # PATH
  exists "$1" || return 0
  if [ "$(state_of "$1")" = same ]; then
    rm -f "$root$1"
    return
  fi
  mv -f "$root$1" "$root$1.old"
  # An init script is found by its right to run, whatever its name.
  if [ ! -L "$root$1.old" ]; then chmod a-x "$root$1.old"; fi
  kept="${kept:-} $1.old"
}

remove_empty() { # DIRECTORY
  if [ -d "$root$1" ]; then rmdir "$root$1" 2> /dev/null || true; fi
}

# A line of the settings, in place of the one that is there.
set_setting() { # NAME VALUE WHY
  for file in /etc/default/gandi /etc/sysconfig/gandi; do
    [ -e "$root$file" ] || continue
    if grep -q "^[[:space:]]*$1=" "$root$file"; then
      sed -i --follow-symlinks "s|^[[:space:]]*$1=.*|$1=$2|" "$root$file"
    else
      printf '%s=%s\n' "$1" "$2" >> "$root$file"
    fi
    say "$3: $1=$2 in $file"
    return
  done
}

# --- What the admin said by changing files that go now.

map=/etc/auto.master.d/gandi.autofs
rules=/etc/udev/rules.d/86-gandi.rules

# The directory that autofs has for data disks; nothing where it has none.
autofs_directory() {
  for file in "$root/etc/auto.master" "$root$map"; do
    [ -f "$file" ] || continue
    sed -n 's|^[[:space:]]*\(/[^[:space:]]*\)[[:space:]]\{1,\}/etc/auto\.gandi\([[:space:]].*\)\{0,1\}$|\1|p' "$file"
  done | head -n 1
}

# Whether autofs has a map of the admin's for the directory of data disks.
has_own_map() {
  for file in "$root/etc/auto.master" "$root"/etc/auto.master.d/*.autofs; do
    if [ ! -f "$file" ] || [ "$file" = "$root$map" ]; then continue; fi
    if grep '^[[:space:]]*/srv[[:space:]]' "$file" | grep -qv '/etc/auto\.gandi'; then return 0; fi
  done
  return 1
}

directory=$(autofs_directory)
if [ -n "$directory" ] && [ "$directory" != /srv ]; then
  # Version 2 had the directory of autofs in that file alone.
  set_setting CONFIG_DISK_ROOT "$directory" "data disks stay in the directory that autofs had for them"
elif [ -z "$directory" ] && has_own_map; then
  # Version 2 turned itself off there. Nothing can be mounted in a directory of autofs.
  set_setting CONFIG_MOUNT_MODE off "data disks are left to the map that autofs has for /srv"
elif [ -z "$directory" ] && [ -f "$root$rules" ] && grep -q '^#.*RUN+=.*manage_data_disk\.py' "$root$rules" &&
  ! grep -q -e '^[^#].*RUN+=.*manage_data_disk' -e '^#disabled#.*RUN+=.*manage_data_disk' "$root$rules"; then
  # How the manual of version 2 told to turn mounting off. "#disabled#" was written by its package itself.
  set_setting CONFIG_ALLOW_MOUNT 0 "data disks stay unmounted, as the rule for them was commented out"
fi

# --- autofs: "gandi-mount apply-mode" makes our entry where it is wanted.

# Only our line is in it. Its options are kept where they are not those of version 2, which slow every disk down.
has_options_of_version_2() {
  ! grep -v '^[[:space:]]*\(#\|$\)' "$root$map" |
    grep -qv '[[:space:]]--timeout=2592000,sync,nodev,nosuid,noatime[[:space:]]*$'
}

# In a running guest automount goes on serving the directory, and holds the disks that are in use. Nothing else can mount
# there, so until the next boot the old map answers (see auto.gandi) and gandi-mount leaves new disks to it. The entry is
# left for an automount that reads its files anew. At the next boot gandi-mount comments it out.
served=
if [ -z "$root" ] && [ -r /proc/self/mountinfo ]; then
  served=$(sed -n 's|^[^ ]* [^ ]* [^ ]* [^ ]* \([^ ]*\) .* - autofs /etc/auto\.gandi .*|\1|p' /proc/self/mountinfo | head -n 1)
fi
if [ -n "$served" ]; then
  mkdir -p /run/gandi /run/systemd/system/gandi-disks.service.d
  # The package's preinst has left it there already; "make install" puts the old map aside.
  for file in /etc/auto.gandi /etc/auto.gandi.old; do
    if [ -e /run/gandi/version-2.map ] || [ ! -f "$file" ] || grep -q gandi-mount "$file"; then continue; fi
    cp "$file" /run/gandi/version-2.map
  done
  printf '[Unit]\nConditionPathExists=!/run/gandi/version-2.map\n' \
    > /run/systemd/system/gandi-disks.service.d/until-next-boot.conf
  if [ ! -e "$map" ] || has_options_of_version_2; then
    # Version 2's line may be in /etc/auto.master.
    mkdir -p "${map%/*}"
    echo "$served /etc/auto.gandi --timeout=2592000 --negative-timeout=2" > "$map.new"
    chmod 644 "$map.new"
    mv "$map.new" "$map"
  fi
  say "data disks stay with autofs until the next boot, since it is running"
elif [ -f "$root$map" ] && has_options_of_version_2; then
  rm -f "$root$map"
fi
if [ -f "$root/etc/auto.master" ] && grep -q '[[:space:]]/etc/auto\.gandi\([[:space:]]\|$\)' "$root/etc/auto.master"; then
  sed -i --follow-symlinks '\|^[^#]*[[:space:]]/etc/auto\.gandi\([[:space:]].*\)\{0,1\}$|d' "$root/etc/auto.master"
fi
# The map itself is one of our files; "make install" has put ours in place already if it came first.
if [ -f "$root/etc/auto.gandi" ] && ! grep -q gandi-mount "$root/etc/auto.gandi"; then retire /etc/auto.gandi; fi

# --- Rules and the programs that they call. In /etc the old file would hide ours, which has the same name.

calls_version_2() { # RULES
  [ -f "$root$1" ] && grep -q 'manage_data_disk\|manage_iface\|cpu_online\|fake_blkid' "$root$1"
}
if calls_version_2 "$rules"; then retire "$rules"; fi
for folder in /lib/udev /usr/lib/udev; do
  # Earlier packages had their rules here; later ones renamed them.
  for name in gandi.rules gandi.disabled; do
    if calls_version_2 "$folder/rules.d/$name"; then rm -f "$root$folder/rules.d/$name"; fi
  done
  for program in cpu_online manage_memory fake_blkid; do rm -f "$root$folder/$program"; done
done
for program in manage_data_disk.py manage_data_disk.sh manage_iface.sh; do retire "/etc/gandi/$program"; done

# --- The kernel's hook. Where its program is gone it fails, and with it the installation of a kernel.

retire /etc/kernel/postinst.d/gandi-decompress-kernel

# --- Steps. One of version 2 would take the place of ours, which has the same name.

for step in 01-config_swap 02-config_sysctl 03-resize_main_disk; do
  rm -f "$root/usr/share/gandi/bootstrap.d/$step"
done
for name in $built_in_plugins; do
  plugin=/etc/gandi/plugins.d/$name
  exists "$plugin" || continue
  # Without the right to run it turns our step off as well.
  if [ ! -x "$root$plugin" ]; then continue; fi
  # The admin's version is run in place of our step.
  if [ "$(state_of "$plugin")" = changed ]; then continue; fi
  retire "$plugin"
done
# Plugins read it.
library_is_read() {
  for plugin in "$root"/etc/gandi/plugins.d/*; do
    case $plugin in *.old) continue ;; esac
    if grep -qs plugins-lib "$plugin"; then return 0; fi
  done
  return 1
}
if ! library_is_read; then retire /etc/gandi/plugins-lib; fi

# --- Units. Its scripts made links to them, some copied them; in /etc they would come before ours. A masked one (a link to
# /dev/null) stays masked, and so does what an admin wrote about our programs.

is_of_version_2() { # UNIT
  grep -q '^ExecStart=.*\(/etc/init\.d/gandi\|/usr/share/gandi\|/etc/gandi/\|dhclient\|ssh-keygen\)' "$root$1"
}
for folder in /etc/systemd/system /lib/systemd/system /usr/lib/systemd/system; do
  for unit in "$root$folder"/gandi-*.service; do
    name=${unit##*/}
    if [ -L "$unit" ]; then
      case $(readlink "$unit") in /usr/share/gandi/systemd/*) rm -f "$unit" ;; esac
      continue
    fi
    [ -f "$unit" ] || continue
    case $name in
      gandi-bootstrap.* | gandi-config.* | gandi-mount.* | gandi-postboot.* | gandi-dhclient@.* | gandi-*ssh*) ;;
      *) continue ;;
    esac
    if cmp -s "$unit" "$root/usr/share/gandi/systemd/$name"; then
      rm -f "$unit"
    elif is_of_version_2 "$folder/$name"; then
      retire "$folder/$name"
    fi
  done
done

# Whether a link enables a unit of ours as its [Install] section says.
enables_ours() { # LINK
  name=${1##*/}
  target=${1%/*}
  target=${target##*/}
  case $(readlink "$1") in */systemd/system/"$name") ;; *) return 1 ;; esac
  for folder in /usr/lib /usr/local/lib; do
    if grep -qsx "\(WantedBy\|RequiredBy\)=${target%.*}" "$root$folder/systemd/system/$name"; then return 0; fi
  done
  return 1
}
for service in $services; do
  for link in "$root"/etc/systemd/system/*.wants/gandi-"$service".service \
    "$root"/etc/systemd/system/*.requires/gandi-"$service".service; do
    if [ -L "$link" ] && ! enables_ours "$link"; then rm -f "$link"; fi
  done
done
for link in "$root"/etc/systemd/system/*.wants/gandi-dhclient@*.service \
  "$root"/etc/systemd/system/*.wants/gandi-*ssh*.service; do
  if [ -L "$link" ]; then rm -f "$link"; fi
done

# --- The rest.

rm -rf "$root/usr/share/gandi/systemd"
for program in decompress-kernel extract-vmlinux get_json.py kvm_to_xen_migration.sh; do
  rm -f "$root/usr/share/gandi/$program"
done
# Values that are in /etc/gandi/sysctl.conf now, on RPM systems.
rm -f "$root/usr/lib/sysctl.d/90-gandi.conf"
remove_empty /usr/share/gandi/bootstrap.d
remove_empty /usr/share/gandi

for service in $services; do
  # RPM systems have these directories in others.
  for link in "$root"/etc/rc[0-6S].d/[SK][0-9][0-9]gandi-"$service" \
    "$root"/etc/rc.d/rc[0-6].d/[SK][0-9][0-9]gandi-"$service" \
    "$root"/etc/init.d/rc[0-6S].d/[SK][0-9][0-9]gandi-"$service"; do
    if [ -L "$link" ]; then rm -f "$link"; fi
  done
  retire "/etc/init.d/gandi-$service"
done

if [ -n "${kept:-}" ]; then
  say "of version 2, and maybe changed by you; not used any more, remove them when you have looked at them:$kept"
fi

# They belong to the old package still, which dpkg knows until it is purged.
theirs=
for file in $(echo "$delivered" | sed -n 's:^ \(/etc/gandi/\(hooks/\|plugins\)[^ ]*\) .*:\1:p'); do
  if [ -e "$root$file" ] && [ "$(state_of "$file")" = changed ]; then theirs="$theirs $file"; fi
done
if [ -n "$theirs" ]; then
  say "purging what is left of the old package would delete these, so copy them before you do:$theirs"
fi
