#!/usr/bin/env bash
# A power cut without a power switch. The server's disk is an ext4 image that lies on btrfs. A reflink copy of the image is what the
# disk holds at that instant: everything that was flushed, and nothing of what only the page cache of ext4 has. Mounting the copy
# replays ext4's journal, as after a real cut. Needs root, loop mounts, btrfs-progs and e2fsprogs.
#
#   powercut.sh prepare DIR        makes the disk; it is mounted at DIR/disk
#   powercut.sh cut DIR NAME       keeps the disk as it is now; the server may go on
#   powercut.sh mount DIR NAME     mounts what was kept at DIR/NAME
#   powercut.sh unmount DIR NAME   ends that, and forgets it
#   powercut.sh clean DIR          ends everything
set -euo pipefail

command=$1
dir=$2
name=${3:-}

case "$command" in
  prepare)
    mkdir -p "$dir/host" "$dir/disk"
    truncate -s 3G "$dir/host.img"
    mkfs.btrfs -q "$dir/host.img" > /dev/null 2>&1
    mount -o loop "$dir/host.img" "$dir/host"
    truncate -s 512M "$dir/host/disk.img"
    mkfs.ext4 -q "$dir/host/disk.img"
    mount -o loop "$dir/host/disk.img" "$dir/disk"
    ;;
  cut)
    cp --reflink=always "$dir/host/disk.img" "$dir/host/$name.img"
    ;;
  mount)
    mkdir -p "$dir/$name"
    mount -o loop "$dir/host/$name.img" "$dir/$name"
    ;;
  unmount)
    umount "$dir/$name"
    rm -f "$dir/host/$name.img"
    ;;
  clean)
    for mounted in "$dir"/cut-* "$dir/disk" "$dir/host"; do
      if mountpoint -q "$mounted"; then umount "$mounted"; fi
    done
    rm -f "$dir/host.img"
    ;;
  *)
    echo "powercut.sh: unknown command $command" >&2
    exit 2
    ;;
esac
