#!/bin/sh
# A customer's script: run once, as root, by gandi-postboot, with script_args of the configuration as its arguments.
set -eu
printf '%s\n' "$@" > /root/script-arguments
