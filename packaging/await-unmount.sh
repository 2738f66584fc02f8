#!/bin/sh
# Waits until gandi-mount has unmounted a data disk that the host took away: `gandi-await-unmount MOUNT-POINT`. systemd runs
# it before it unmounts such a disk itself, which it would do before the hook and the services of the disk are seen to.
# udev has asked for gandi-disks.service before systemd hears of the removal. So this is no second run of the
# program, but a shell, of which there may be one for each of very many disks. The status is 0: systemd may go on.

# A disk that is there is unmounted because somebody said so. btrfs has a number that is no device's.
number=$(mountpoint -d "$1" 2> /dev/null) || exit 0
case $number in
  0:*) ;;
  *) if [ -e "/sys/dev/block/$number" ]; then exit 0; fi ;;
esac

# Between two runs, and before the first has begun, nobody has the lock for a moment.
idle=0
while mountpoint -q "$1"; do
  if [ -e /run/gandi/gandi-mount.lock ]; then idle=0; else idle=$((idle + 1)); fi
  if [ $idle -ge 20 ]; then break; fi
  sleep 0.5
done
exit 0
