#!/bin/sh
# Starts a program of the toolkit at boot: `gandi-steady gandi-bootstrap`. The last run of the program left a boot record. If
# all that this run read is as it was, the boot is an unchanged boot: this script does again what a reboot undoes, and
# does not start the program, whose runtime costs many times as much as all of this. The record sets variables, which
# src/boot-record/record-text.ts explains and writes. At the least doubt the program does the work.

program=$1
record=/var/lib/gandi/steady/$program
state=/run/gandi

# Names sort by their bytes, as the record has them.
export LC_ALL=C

# Drivers may still load, and udev may still work. What was there before gets up to ten seconds, as long as the program
# would wait. Each look takes a process, so there are few.
wait_for() { # PATH
  for delay in 0.1 0.2 0.3 0.4 1 1 1 2 2 2; do
    if [ -e "$1" ]; then return 0; fi
    sleep $delay
  done
  [ -e "$1" ]
}

# Sets disk_NUMBER to the name that the disk attached at a place of /sys/devices has in this boot.
find_disk() { # NUMBER PLACE
  # A device whose driver is still to be loaded, as that of CD drives is by udev, is no disk yet.
  if [ ! -e "$2" ]; then
    if [ ! -e "${2%/*}" ] || ! wait_for "$2"; then return 1; fi
  fi
  for path in "$2"/*; do
    if [ ! -e "$path" ]; then return 1; fi
    eval "disk_$1=\${path##*/}"
  done
}

# A process that reads a disk which does not answer waits in the kernel, and nothing ends that. This script reads only disks
# that udev has read in this boot; the program knows how to ask the others. udev makes its links before it leaves its record.
wait_for_udev() { # DEVICE
  read -r number < "/sys/class/block/${1##*/}/dev" || return 1
  wait_for "/run/udev/data/b$number"
}

# Comparisons that take no process come first. Words and lines are split only where a loop says so; none has patterns.
unchanged() {
  for name in $interfaces; do wait_for "/sys/class/net/$name" || return 1; done
  for path in $existing; do [ -e "$path" ] || return 1; done
  for path in $absent; do if [ -e "$path" ] || [ -L "$path" ]; then return 1; fi; done

  # Another disk may be a new one of the host's, if the program looks for that. A damaged record says neither.
  case $other_disks in
    ignored) ;;
    compared)
      known=0
      for name in $block_devices; do known=$((known + 1)); done
      for path in /sys/class/block/*; do
        case " $block_devices " in *" ${path##*/} "*) known=$((known - 1)) ;; *) return 1 ;; esac
      done
      [ $known -eq 0 ] || return 1
      ;;
    *) return 1 ;;
  esac

  # The kernel knows the size of a medium once udev has opened its drive.
  for name in $block_devices; do
    case $name in sr*) wait_for_udev "$name" || return 1 ;; esac
  done

  # Of some disks the kernel can say no more than their size. They are known by what udev found on them.
  for pair in $known_by; do
    node=${pair%%:*}
    wait_for_udev "$node" || return 1
    # dash, bash and BusyBox know -ef.
    # shellcheck disable=SC3013
    [ "${pair#*:}" -ef "$node" ] || return 1
  done

  lines=
  for path in $expected_files; do
    IFS= read -r line < "$path" || return 1
    lines="$lines$line
"
  done
  [ "$lines" = "$expected_lines" ] || return 1

  # cat reads these files, for the kernel gives its numbers in one piece or not at all, and the shell reads byte by byte.
  # shellcheck disable=SC2086
  [ -z "$kernel_files" ] || [ "$(cat $kernel_files)" = "$kernel_texts" ] || return 1

  # stat tells inode, size and time of change of every file that was read.
  # shellcheck disable=SC2086
  [ "$(stat -c '%n %i %s %.9Z' $files)" = "$file_states" ] || return 1

  if [ -n "$others" ]; then watched_ranges; else same_ranges; fi
}

# Of the host's disk these are the swap header and the places where an archive would be; of other disks, if $others is
# set, what tells them apart.
same_ranges() {
  from=0
  for range in $ranges; do
    length=${range##*:}
    place=${range%:*}
    device=${place%:*}
    wait_for_udev "$device" || return 1
    set -- cmp -s -n "$length" -i "${place##*:}:$from" "$device" "$record.bytes"
    if [ -z "$others" ]; then
      "$@" || return 1
    else
      "$@" > /dev/null &
      wait $! || return 1
      [ -z "$late" ] || return 1
    fi
    from=$((from + length))
  done
}

# A disk may stop answering after udev has read it. A process that reads it then waits in the kernel; it is given up after
# five seconds, for a signal ends the wait for it. A subshell finds its own number in /proc alone. The host's disk is
# not watched so: without it the host has no say, and the watch would cost each boot eight million instructions, an eighth.
watched_ranges() {
  # shellcheck disable=SC2034
  read -r self rest < /proc/self/stat || return 1
  late=
  trap 'late=1' USR1
  (
    trap 'kill $nap; exit' TERM
    sleep 5 &
    nap=$!
    wait $nap
    kill -USR1 "$self"
  ) > /dev/null &
  watch=$!
  same_ranges
  result=$?
  kill $watch
  return $result
}

# The order is that of a whole run: values of interfaces need the interfaces, and the marks say that all is done.
repeat() {
  set -f
  IFS='
'
  for pair in $values; do printf '%s\n' "${pair#*=}" > "${pair%%=*}" || return 1; done
  for command in $commands; do
    IFS=' '
    $command || return 1
  done
  IFS=' '
  # The unit of gandi-bootstrap makes these directories.
  [ -d $state/source-disks ] || mkdir -p $state/interfaces $state/source-disks || return 1
  for path in $marks $disk_marks; do : > "$path" || return 1; done
  read -r boot < /proc/sys/kernel/random/boot_id || return 1
  # The report holds what the host asked for, so it is for root alone. The time of the file says when it was.
  umask 077
  printf '%s,"bootId":"%s"}\n' "$report" "$boot" > "$state/$program.json"
}

# A host at the other end of a line says what it says now. The program is started to ask it, and loads nothing else where that is
# the same ($same); otherwise it goes on with what it has heard, and does the work of the boot. One that was killed meanwhile has
# done nothing that can be relied on: it is started once more, as at any boot.
same=4
ask_host() {
  (
    export GANDI_BOOT=1 GANDI_UNCHANGED=1
    set --
    . /usr/lib/gandi/gandi-launcher
  ) 2>&3 3>&-
  status=$?
  if [ $status -lt $same ]; then exit $((status + worked)); fi
  [ $status -eq $same ]
}

# At a first boot the start of gandi-bootstrap does the work of gandi-config, too (src/plan/same-start.ts). It is told here, in the
# name of that program's unit, once: who starts the unit again wants the work done again. What does not begin with an exit status
# tells nothing, and the work is done.
done=$state/done-$program
status=
if [ -s "$done" ]; then read -r status 2> /dev/null < "$done"; fi
case $status in
  '' | *[!0-9]* | ????*) ;;
  *)
    {
      read -r status
      while IFS= read -r line; do printf '%s\n' "$line" >&2; done
    } < "$done"
    true 2> /dev/null > "$done"
    exit "$status"
    ;;
esac

# This is a shell of its own: a damaged record ends that, and not the start of the program. It ends with 0 where all is done, and
# with the program's exit status, 0 to 3, above $worked where that has done the work.
worked=10
if [ -r "$record" ]; then
  (
    # What is left reading a disk that does not answer must not keep standard error open.
    . "$record" && unchanged 3>&- || exit 1
    case $host_answers in
      none) ;;
      compared) ask_host || exit 1 ;;
      *) exit 1 ;;
    esac
    repeat 3>&-
  ) 3>&2 2> /dev/null
  ended=$?
  if [ $ended -eq 0 ]; then exit 0; fi
  if [ $ended -ge $worked ]; then exit $((ended - worked)); fi
fi

export GANDI_BOOT=1
# The launcher is read into this shell. A shell of its own would cost a twentieth of what the runtime's start does.
set --
. /usr/lib/gandi/gandi-launcher
