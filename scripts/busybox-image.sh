#!/usr/bin/env bash
# Makes the image of the examples and tests from this machine's /bin/busybox (package busybox-static), without a
# registry. Does nothing when the image is there already and made of the same busybox.
#   scripts/busybox-image.sh [NAME:TAG]      default kubets/busybox:1
set -euo pipefail

image=${1:-kubets/busybox:1}
busybox=${BUSYBOX:-/bin/busybox}
recipe=1 # raise it when what goes into the image changes

if [ ! -x "$busybox" ]; then
  echo "busybox-image: $busybox is missing; install the package busybox-static" >&2
  exit 1
fi
source="$recipe-$(sha256sum <"$busybox" | cut -c1-16)"
made_of=$(docker image inspect --format '{{index .Config.Labels "io.kubets.busybox"}}' "$image" 2>/dev/null || true)
[ "$made_of" = "$source" ] && exit 0

root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
chmod 755 "$root"
mkdir -p "$root"/{bin,etc,home,root,tmp,usr/bin,var/run,www}
chmod 1777 "$root/tmp"
cp "$busybox" "$root/bin/busybox"
chmod 755 "$root/bin/busybox"
# Ours may be installed elsewhere than at /bin/busybox, where the links must point in the image.
"$root/bin/busybox" --list | grep -vx busybox | sed "s|^|$root/bin/|" | xargs -n 1000 "$root/bin/busybox" sh -c \
  'for link; do "$0" ln -s /bin/busybox "$link"; done' "$root/bin/busybox"
printf 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/home:/bin/sh\n' >"$root/etc/passwd"
printf 'root:x:0:\nnogroup:x:65534:\n' >"$root/etc/group"

tar -C "$root" --owner=0 --group=0 --numeric-owner -c . | docker import \
  --change 'ENV PATH=/bin:/usr/bin' \
  --change 'CMD ["sh"]' \
  --change "LABEL io.kubets.busybox=$source" \
  - "$image" >/dev/null
