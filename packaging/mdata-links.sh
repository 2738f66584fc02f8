#!/bin/sh
# Makes the links of mdata-get, mdata-put, mdata-list and mdata-delete, which scripts of images for SmartOS look for in
# /usr/sbin: `mdata-links add /usr`, and takes them away: `mdata-links remove /usr`. Where another package has a program of
# that name, that stays, and none is made.
set -eu
target=../lib/gandi/gandi-launcher

for program in mdata-get mdata-put mdata-list mdata-delete; do
  link=$2/sbin/$program
  case $1 in
    add)
      taken=
      for path in "$link" "$2/bin/$program"; do
        if [ -e "$path" ] || [ -L "$path" ]; then taken=1; fi
      done
      if [ -z "$taken" ]; then ln -s "$target" "$link"; fi
      ;;
    remove)
      if [ -L "$link" ] && [ "$(readlink "$link")" = "$target" ]; then rm -f "$link"; fi
      ;;
  esac
done
