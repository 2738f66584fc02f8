#!/bin/sh
# The condition of gandi-mount.service. Status 1 skips the service: this boot has no data disk to look at, and autofs has
# nothing to be told. To start the executable to find that out costs ten times as much. In doubt the status is 0, and the
# executable decides by what is on the disks.

# From here on the rules have gandi-disks.service serve what udev announces, so that a disk cannot come between this
# look and the end of the boot. Without the directory gandi-bootstrap has not run, and the service starts.
true 2> /dev/null > /run/gandi/mount-condition || exit 0

[ -e /run/udev/control ] || exit 0

# Whether the rules have been applied to each block device: the kernel's list is of links named MAJOR:MINOR. It does not
# matter whether udev has other work: this early in boot it always has.
all_seen() {
  for link in /sys/dev/block/*; do
    [ -e "/run/udev/tags/gandi_seen/b${link##*/}" ] || return 1
  done
}

# The executable would have to wait for them, too.
for delay in 0.1 0.2 0.3 0.4 1 1; do
  if all_seen; then break; fi
  sleep $delay
done
all_seen || exit 0

# Leaves the directory in /sys of a block device in $device, and that of the disk that it is or belongs to in $disk.
find_disk() { # MAJOR:MINOR
  cd -P "/sys/dev/block/$1" 2> /dev/null || return
  device=$PWD
  disk=$PWD
  [ ! -e partition ] || disk=${PWD%/*}
}

# The host's disk is no data disk once it is swap; udev may not have noticed yet that gandi-bootstrap made it so.
is_active_swap() { # DIRECTORY IN /sys
  while read -r path _; do
    if [ "$path" = "/dev/${1##*/}" ]; then return 0; fi
  done < /proc/swaps
  return 1
}

# Nor is the disk of another source, on which gandi-bootstrap has found the configuration of this boot.
is_of_source() { # DIRECTORY IN /sys
  [ -e "/run/gandi/source-disks/${1##*/}" ]
}

root_disk=
while read -r _ _ number _ place _; do
  if [ "$place" = / ]; then
    if find_disk "$number"; then root_disk=$disk; fi
    break
  fi
done < /proc/self/mountinfo

# This is udev's index of the tag that 86-gandi.rules gives to each disk that may be ours.
for file in /run/udev/tags/gandi_disk/b*; do
  [ -e "$file" ] || break
  find_disk "${file##*/b}" || exit 0
  [ "$disk" = "$root_disk" ] || is_of_source "$device" || is_active_swap "$device" || exit 0
done

# The mode asked for is autofs, or our line in its master map is active. gandi-bootstrap has looked already, unless it
# did not come to its end, or a file is newer than that.
autofs_files='/etc/default/gandi /etc/sysconfig/gandi /etc/auto.master.d/gandi.autofs'
looked_at() {
  [ -e /run/gandi/no-autofs ] || return 1
  for file in $autofs_files; do [ ! "$file" -nt /run/gandi/no-autofs ] || return 1; done
}
if looked_at; then exit 1; fi
# Letters may be of any case, and quotes anywhere, as the executable reads it. A comment begins after a blank.
q="['\"\\\\]*"
autofs="a${q}u${q}t${q}o${q}f${q}s"
# shellcheck disable=SC2086 # the names have no blanks
grep -Eqis "^([^#]|[^[:space:];#]#+)*(MOUNT_MODE[[:blank:]]*=.*$autofs|[[:space:]]/etc/auto\.gandi)" $autofs_files && exit 0
exit 1
