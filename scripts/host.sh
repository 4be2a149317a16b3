#!/usr/bin/env bash
# Sets this machine up, as far as something is missing, and says what it does. See `make help`.
#   scripts/host.sh up [ARGUMENTS]   packages, build, Docker, the examples' image; then `kubets up ARGUMENTS`
#   scripts/host.sh down             `kubets down`, then the Docker daemon if we started it
#   scripts/host.sh build            npm packages and build
#   scripts/host.sh packages         the system packages that are missing
#   scripts/host.sh clients          the official clients of other languages that tests use; fails likewise
#   scripts/host.sh etcd             the etcd that tests use; fails likewise
#   scripts/host.sh real             what tests against real components need; fails where it cannot be had
#   scripts/host.sh stop-docker      the Docker daemon if we started it
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source=scripts/docker.sh
. "$repo/scripts/docker.sh"
cd "$repo"

node_min=20.19

check_node() {
  have node || die "Node.js is missing: install Node.js $node_min or newer (https://nodejs.org)."
  node -e '
    const [major, minor] = process.versions.node.split(".").map(Number);
    const [needMajor, needMinor] = process.argv[1].split(".").map(Number);
    process.exit(major > needMajor || (major === needMajor && minor >= needMinor) ? 0 : 1);
  ' "$node_min" || die "Node.js $(node --version) is too old: install $node_min or newer."
}

npm_packages() {
  local lock=package-lock.json
  cmp -s "$lock" node_modules/.kubets-lock && return 0
  say 'Installing npm packages.'
  # Exactly what the lock file says, whatever the registry: the file has no addresses (.npmrc), and scripts/lock.mjs adds
  # the packages of other platforms that the registry it was made with lacked, without which `npm ci` refuses it.
  quietly npm ci --no-audit --no-fund ||
    die 'The npm packages could not be installed. Where some are missing from the lock file: npm run lock'
  cp "$lock" node_modules/.kubets-lock
}

rooms=(base openapi api client scheduler controllers nodeagent cmd conformance e2e bench tidy)

# Names, times and sizes of all that the build reads.
fingerprint() {
  local room there=()
  for room in "${rooms[@]}"; do [ ! -d "$room" ] || there+=("$room"); done
  find "${there[@]}" package.json tsconfig.json node_modules/.kubets-lock -type f \
    \( -name '*.ts' -o -name '*.mjs' -o -name '*.json' -o -name .kubets-lock \) ! -path 'openapi/generated/*' \
    -printf '%p %T@ %s\n' | LC_ALL=C sort | sha256sum
}

build() {
  local print
  print=$(fingerprint)
  [ "$print" = "$(cat dist/.sources 2>/dev/null)" ] && [ -d openapi/generated ] && return 0
  say 'Building.'
  rm -f dist/.sources
  quietly npm run --silent build || die 'The build failed.'
  remove_orphans
  echo "$print" >dist/.sources
}

# What an earlier build made of sources that are gone: old tests would still be run.
remove_orphans() {
  local file
  find dist -name '*.js' ! -path 'dist/package/*' -printf '%P\n' | while read -r file; do
    [ -f "${file%.js}.ts" ] || rm -f "dist/${file%.js}".{js,js.map,d.ts}
  done
}

missing=()

need() { # package, why, test...
  local package=$1 why=$2
  shift 2
  "$@" >/dev/null 2>&1 || missing+=("$package|$why")
}

busybox_is_static() { [ -x /bin/busybox ] && ! ldd /bin/busybox; }

system_packages() {
  missing=()
  need docker.io 'runs the pods' have dockerd
  need iptables 'makes Services reachable' have iptables-restore
  need conntrack 'forgets connections to pods that went' have conntrack
  need busybox-static 'is what the image of the examples is made of' busybox_is_static
  need iproute2 'shows and sets up network interfaces' have ip
  install_missing || return 1
  # Newer Debian has the docker command in a package of its own.
  have docker || quietly apt-get install -qq -y --no-install-recommends docker-cli || return 1
}

install_missing() {
  local entry names=()
  [ ${#missing[@]} = 0 ] && return 0
  if ! is_root || ! have apt-get; then
    loud 'System packages are missing:' "${missing[@]/|/: }" \
      'They are installed when "make up" is run by root on Debian or Ubuntu.'
    return 1
  fi
  say 'Installing system packages (apt-get):'
  for entry in "${missing[@]}"; do
    names+=("${entry%%|*}")
    say "  ${entry%%|*}: ${entry#*|}"
  done
  export DEBIAN_FRONTEND=noninteractive
  quietly apt-get update -qq || warn 'apt-get update failed; trying with the package lists as they are.'
  quietly apt-get install -qq -y --no-install-recommends "${names[@]}" || { warn 'apt-get install failed.' && return 1; }
}

clients() {
  missing=()
  need python3-kubernetes 'is the official Python client' /usr/bin/python3 -c 'import kubernetes'
  install_missing || die 'Tests with the official clients need these system packages.'
}

etcd_server() {
  missing=()
  need etcd-server 'is the etcd that objects are kept in' have etcd
  need iproute2 'cuts members of an etcd off from the others' have ip
  install_missing || die 'Tests with etcd need these system packages.'
}

example_image() {
  scripts/busybox-image.sh || warn 'The image of the examples, kubets/busybox:1, could not be made.'
}

up() {
  check_node
  npm_packages
  build
  if ! is_root; then
    loud 'Not root: Services will not be reachable through iptables, and nothing is installed.'
  fi
  # Whatever is missing has been said, loudly; `kubets up` does with what there is.
  system_packages || true
  if start_docker; then example_image; fi
  exec node dist/package/main.js up "$@"
}

down() {
  if [ -f dist/package/main.js ]; then node dist/package/main.js down "$@"; fi
  stop_docker
}

real() {
  is_root || die 'Tests against real components need root.'
  system_packages || die 'Tests against real components need these system packages.'
  start_docker || die 'Tests against real components need Docker.'
  scripts/busybox-image.sh
}

command=${1:-}
shift || true
case $command in
  up) up "$@" ;;
  down) down "$@" ;;
  build)
    check_node
    npm_packages
    build
    ;;
  packages) system_packages ;;
  clients) clients ;;
  etcd) etcd_server ;;
  real) real ;;
  stop-docker) stop_docker ;;
  *) die "usage: scripts/host.sh up|down|build|packages|clients|etcd|real|stop-docker" ;;
esac
