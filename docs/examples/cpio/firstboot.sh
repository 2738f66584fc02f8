#!/bin/sh
# Runs at each boot until it succeeds.
echo "configured at $(date)" >/root/configured
