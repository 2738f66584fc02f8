#!/bin/sh
# Takes away what version 2 of Gandi's guest tools (gandi-hosting-vm, gandi-hosting-vm2) leaves in a guest, so that
# nothing runs twice, and carries over what its admin had changed: `replace-version-2 [ROOT]`. The packages call it when
# they are installed for the first time; in an image that was built by hand it is called by hand. It runs before any
# program of ours can: in an image, for another machine, without /proc. So it is a shell script.
#
# CHANGED names files of which the caller knows that the admin changed them, where dpkg cannot tell.
#
# Only files of version 2 by name are looked at. One that is as its package delivered it goes. One that differs, or that
# no package knows, is kept as NAME.old, which nothing runs, with a line that says so; an admin's own file is not touched.
set -eu
root=${1:-}
root=${root%/}

services='bootstrap config mount postboot'
built_in_plugins='01-config_console 02-config_system_file 03-vm-fix-cron 07-config_timezone 11-config_ssh 13-config_motd
  16-vm-fix-ext3'

say() { echo "gandi-guest: $*" >&2; }

exists() { [ -e "$root$1" ] || [ -L "$root$1" ]; }

# Lines " PATH MD5" of the files below /etc as the old packages delivered them; nothing where there is no dpkg.
delivered=$(dpkg-query ${root:+--root="$root"} --show --showformat='${Conffiles}\n' \
  gandi-hosting-vm gandi-hosting-vm2 2> /dev/null || true)

# unknown, same or changed.
state_of() { # PATH
  known=$(echo "$delivered" | while read -r path digest _; do
    if [ "$path" = "$1" ]; then echo "$digest"; fi
  done)
  if [ -z "$known" ]; then
    case " ${CHANGED:-} " in *" $1 "*) echo changed ;; *) echo unknown ;; esac
  elif [ "$known" = "$(md5sum < "$root$1" | cut -d ' ' -f 1)" ]; then
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

directory=$(autofs_directory)
if [ -n "$directory" ] && [ "$directory" != /srv ]; then
  # Version 2 had the directory of autofs in that file alone.
  set_setting CONFIG_DISK_ROOT "$directory" "data disks stay in the directory that autofs had for them"
elif [ -z "$directory" ] && [ -f "$root$rules" ] && grep -q '^#.*RUN+=.*manage_data_disk' "$root$rules" &&
  ! grep -q -e '^[^#].*RUN+=.*manage_data_disk' -e '^#disabled#.*RUN+=.*manage_data_disk' "$root$rules"; then
  # How the manual of version 2 told to turn mounting off. "#disabled#" was written by its package itself.
  set_setting CONFIG_ALLOW_MOUNT 0 "data disks stay unmounted, as the rule for them was commented out"
fi

# --- Services: init scripts, links that start them, units. Links to our units are made by who calls this.

for service in $services; do
  for link in "$root"/etc/rc[0-6S].d/[SK][0-9][0-9]gandi-"$service" \
    "$root"/etc/systemd/system/*.wants/gandi-"$service".service \
    "$root"/etc/systemd/system/*.requires/gandi-"$service".service; do
    if [ -L "$link" ]; then rm -f "$link"; fi
  done
  retire "/etc/init.d/gandi-$service"
done
# Its package copied units; in /etc they would come before ours. A masked one (a link) stays masked, and so does what an
# admin wrote about our programs.
for folder in /etc/systemd/system /lib/systemd/system /usr/lib/systemd/system; do
  for unit in "$root$folder"/gandi-*.service; do
    if [ ! -f "$unit" ] || [ -L "$unit" ]; then continue; fi
    name=${unit##*/}
    case $name in
      gandi-bootstrap.* | gandi-config.* | gandi-mount.* | gandi-postboot.* | gandi-dhclient@.* | gandi-*ssh*) ;;
      *) continue ;;
    esac
    if grep -q '^ExecStart=.*\(/etc/init\.d/gandi\|/usr/share/gandi\|/etc/gandi/\|dhclient\|ssh-keygen\)' "$unit"; then
      retire "$folder/$name"
    fi
  done
done
for link in "$root"/etc/systemd/system/*.wants/gandi-dhclient@*.service \
  "$root"/etc/systemd/system/*.wants/gandi-*ssh*.service; do
  if [ -L "$link" ]; then rm -f "$link"; fi
done

# --- Rules and the programs that they call. In /etc the old file would hide ours, which has the same name.

if [ -f "$root$rules" ] && grep -q 'manage_data_disk\|manage_iface\|cpu_online\|fake_blkid' "$root$rules"; then
  # What the package itself had commented out is no change of the admin's.
  if [ "$(state_of "$rules")" = changed ] && grep -q '^#disabled#' "$root$rules"; then
    sed -i 's/^#disabled#//' "$root$rules"
  fi
  retire "$rules"
fi
for program in manage_data_disk.py manage_data_disk.sh manage_iface.sh; do retire "/etc/gandi/$program"; done
for program in cpu_online manage_memory fake_blkid; do rm -f "$root/lib/udev/$program"; done

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
if ! grep -qs plugins-lib "$root"/etc/gandi/plugins.d/*[!~]; then retire /etc/gandi/plugins-lib; fi

# --- autofs: "gandi-mount apply-mode" makes our entry where it is wanted.

if [ -f "$root/etc/auto.master" ] && grep -q '[[:space:]]/etc/auto\.gandi\([[:space:]]\|$\)' "$root/etc/auto.master"; then
  sed -i --follow-symlinks '\|^[^#]*[[:space:]]/etc/auto\.gandi\([[:space:]].*\)\{0,1\}$|d' "$root/etc/auto.master"
fi
# Only our line is in it. Its options are kept where they are not those of version 2, which slow every disk down.
if [ -f "$root$map" ] && ! grep -v '^[[:space:]]*\(#\|$\)' "$root$map" |
  grep -qv '[[:space:]]--timeout=2592000,sync,nodev,nosuid,noatime[[:space:]]*$'; then
  rm -f "$root$map"
fi

# --- The rest.

rm -rf "$root/usr/share/gandi/systemd"
rm -f "$root/usr/share/gandi/get_json.py" "$root/usr/share/gandi/kvm_to_xen_migration.sh"
# Values that are in /etc/gandi/sysctl.conf now, on RPM systems.
rm -f "$root/usr/lib/sysctl.d/90-gandi.conf"
remove_empty /usr/share/gandi/bootstrap.d
remove_empty /usr/share/gandi

if [ -n "${kept:-}" ]; then
  say "of version 2, and maybe changed by you; not used any more, remove them when you have looked at them:$kept"
fi
