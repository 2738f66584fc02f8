#!/bin/sh
# Condition of gandi-mount.service: status 1, which skips the service, when this boot has no data disk to look at and
# autofs has nothing to be told. Starting the executable to find that out costs ten times as much. It errs on the side
# of status 0; the executable decides by what is on the disks.

# From here on the rules have gandi-disks.service serve what udev announces, so that a disk cannot come between this
# look and the end of the boot. Without the directory, gandi-bootstrap has not run: do the work.
true 2> /dev/null > /run/gandi/mount-condition || exit 0

# What udev is just looking at may not be tagged yet.
[ -e /run/udev/queue ] && exit 0

# Directory in /sys of the disk below a device number. Leaves it in $disk.
find_disk() { # MAJOR:MINOR
  cd -P "/sys/dev/block/$1" 2> /dev/null || return
  disk=$PWD
  [ ! -e partition ] || disk=${PWD%/*}
}

root_disk=
while read -r _ _ number _ place _; do
  if [ "$place" = / ]; then
    if find_disk "$number"; then root_disk=$disk; fi
    break
  fi
done < /proc/self/mountinfo

# udev's index of the tag that 86-gandi.rules gives to each disk that may be ours.
for file in /run/udev/tags/gandi_disk/b*; do
  [ -e "$file" ] || break
  find_disk "${file##*/b}" || exit 0
  [ "$disk" = "$root_disk" ] || exit 0
done

# The mode asked for is autofs, or our line in its master map is active.
grep -Eqs '^[^#]*(MOUNT_MODE.*autofs|[[:space:]]/etc/auto\.gandi)' \
  /etc/default/gandi /etc/sysconfig/gandi /etc/auto.master.d/gandi.autofs && exit 0
exit 1
