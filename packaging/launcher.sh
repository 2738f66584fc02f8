#!/bin/sh
# Starts the program whose name this file is called by, with Bun's executable where the guest can run it and otherwise
# with its Node.js. It runs at every boot and hot-plug event: on the usual path it starts no other program.
# Exit status 1, with one line on standard error, when the guest can run neither; otherwise the program's.

library=/usr/lib/gandi
# Says that the CPU is known to be able to run the executable: to read it again, a byte at a time, costs as much as the rest
# of this script. A boot begins without it, and the CPU stays the same until the next. So does what is in memory of the executable,
# as good as always.
able=/run/gandi/cpu-is-able

# gandi-steady reads this file in its own shell, for the program that it was given.
case ${0##*/} in
  gandi-steady) called=$program ;;
  *) called=${0##*/} ;;
esac

# Bun takes orders from the environment: BUN_OPTIONS can load foreign code, BUN_BE_BUN hides the program, an unknown
# BUN_JSC_ name ends it. Node has NODE_OPTIONS. None of them is meant for a program of the system.
case $(export -p) in
  *' BUN_'* | *' NODE_OPTIONS='*)
    for variable in $(env | sed -n -e 's/^\(BUN_[A-Za-z0-9_]*\)=.*/\1/p' -e 's/^\(NODE_OPTIONS\)=.*/\1/p'); do
      unset "$variable"
    done
    ;;
esac

# Prints what keeps this guest from running the executable, and what would help; nothing where it can run.
lacks=
advice=
if [ ! -x "$library/gandi" ]; then
  lacks="$library/gandi, which this architecture may not have"
  advice='install Node.js 20.16 or later'
elif [ ! -s "$library/gandi" ]; then
  # As a power cut during an installation leaves it. The shell would take it for a script that does nothing, successfully.
  lacks="$library/gandi, which is empty"
  advice='install gandi-guest again'
elif [ ! -r /proc/cpuinfo ]; then
  # Bun aborts when it cannot find its own file in /proc.
  lacks='the /proc file system'
  advice='mount -t proc proc /proc'
else
  # Bun's code for x86-64 needs SSE4.2. Only x86 has a line "flags"; an empty line ends the first CPU's description.
  [ -e $able ] || while IFS= read -r line; do
    case "$line " in
      flags*' sse4_2 '*) break ;;
      flags*)
        lacks='a CPU with SSE4.2'
        advice='install Node.js 20.16 or later, or choose a newer CPU model on the host'
        break
        ;;
      ' ') break ;;
    esac
  done < /proc/cpuinfo
fi

if [ -z "$lacks" ]; then
  # Without the just-in-time compiler a start takes a tenth less; what runs at boot and hot-plug is over before it would pay.
  # Nor does a collection of garbage that a timer begins, Bun's or JavaScriptCore's, while a program is waited for. What is
  # allocated still begins one, every 16 MiB: a first boot allocates a little more than the usual 8. gandi-guest may look
  # through a whole kernel; who talks to the host of SmartOS locks the serial line by the C library, which Bun calls by
  # compiled code alone.
  case $called in
    gandi-guest | mdata-*) ;;
    *)
      export BUN_GC_TIMER_DISABLE=1 BUN_JSC_collectionTimerMaxPercentCPU=0 BUN_JSC_largeHeapSize=16777216
      vendor=
      if [ -r /sys/class/dmi/id/sys_vendor ]; then read -r vendor < /sys/class/dmi/id/sys_vendor; fi
      case $called:$vendor in
        gandi-bootstrap:Joyent) ;;
        *) export BUN_JSC_useJIT=0 ;;
      esac
      ;;
  esac
  # One disk takes a little more than these 8 MiB: with 16 its run ends before the first collection, which costs a tenth.
  case $called in gandi-mount) export BUN_JSC_largeHeapSize=67108864 ;; esac
  # Where it has not run in this boot, what a start touches of the executable is not in memory, and is read at once: to come upon
  # each page alone costs a first boot an eighth (packaging/read-ahead.mjs).
  first=
  if [ ! -e $able ]; then
    if [ -x $library/gandi-read-ahead ] && [ -s $library/gandi-read-ahead ]; then first=$library/gandi-read-ahead; fi
    # Without the directory gandi-bootstrap has not run; who may not write there leaves nothing.
    if [ -w /run/gandi ]; then true 2> /dev/null > $able; fi
  fi
  exec ${first:+"$first"} "$library/gandi" "$called" "$@"
fi
if command -v node > /dev/null; then
  exec node "$library/gandi.cjs" "$called" "$@"
fi
echo "$called: cannot start: this guest lacks $lacks: $advice" >&2
exit 1
