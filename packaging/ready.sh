#!/bin/sh
# Tells the host that this guest is ready: units/gandi-ready.service starts this last of what is ours, where the host may listen.
# The port is told by this shell, with the line that gandi-bootstrap has left, for the runtime's start would cost a boot in which
# nothing is new more than all else that it does. The program does it where something failed, or where there are other ways.

port=/dev/virtio-ports/net.gandi.report.0
line_file=/var/lib/gandi/ready-line
state=/run/gandi

by_program() { exec /usr/sbin/gandi-guest report ready; }

if [ -e $state/ready-by-program ]; then by_program; fi
for path in "$state"/*.failed; do
  if [ -e "$path" ]; then by_program; fi
done
if [ ! -e $line_file ]; then by_program; fi
# It is empty where nobody is to be told.
IFS= read -r line < $line_file || exit 0
# Opened and written without waiting: nobody may listen. Another program of ours may have the port for a moment.
for delay in 0.5 1 0; do
  if dd of=$port oflag=nonblock conv=notrunc status=none << END 2> /dev/null; then exit 0; fi
$line
END
  sleep $delay
done
