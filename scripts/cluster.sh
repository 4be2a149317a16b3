# A cluster of a script's own. To be sourced, after lib.sh; `work` must name a folder, which takes its state and log.
# shellcheck shell=bash

cluster= # the process of the cluster that runs

# Starts `kubets ARGUMENTS` on a free port with a state folder of its own, and names it in KUBECONFIG.
start_cluster() { # name, arguments...
  local name=$1 waited=0
  shift
  # shellcheck disable=SC2154 # `work` is the script's
  KUBETS_HOME=$work/$name node dist/package/main.js "$@" --secure-port 0 >"$work/$name.log" 2>&1 </dev/null &
  cluster=$!
  export KUBECONFIG=$work/$name/kubeconfig
  until grep -qE '^ready in|"apiserver: ready"' "$work/$name.log"; do
    if ! kill -0 "$cluster" 2>/dev/null || [ $waited -ge 300 ]; then return 1; fi
    sleep 0.1
    waited=$((waited + 1))
  done
}

etcd= # the process of the etcd that runs

# Starts an etcd of one member on free ports, and names it in `etcd_url`.
start_etcd() { # name
  local ports waited=0
  read -ra ports < <(node -e '
    const { createServer } = require("node:net");
    const servers = [0, 0].map((port) => createServer().listen(port, "127.0.0.1", () => {
      if (!servers.every((server) => server.listening)) return;
      console.log(...servers.map((server) => server.address().port));
      for (const server of servers) server.close();
    }));
  ')
  etcd_url=http://127.0.0.1:${ports[0]}
  local peer_url=http://127.0.0.1:${ports[1]}
  command etcd --data-dir "$work/$1.etcd" --log-level error \
    --listen-client-urls "$etcd_url" --advertise-client-urls "$etcd_url" \
    --listen-peer-urls "$peer_url" --initial-advertise-peer-urls "$peer_url" \
    --initial-cluster "default=$peer_url" >"$work/$1.etcd.log" 2>&1 </dev/null &
  etcd=$!
  until (: >"/dev/tcp/127.0.0.1/${ports[0]}") 2>/dev/null; do
    if ! kill -0 "$etcd" 2>/dev/null || [ $waited -ge 100 ]; then return 1; fi
    sleep 0.1
    waited=$((waited + 1))
  done
}

stop_etcd() {
  local process=$etcd
  etcd=
  [ -n "$process" ] || return 0
  kill "$process" 2>/dev/null || return 0
  wait "$process" || true
}

# Fails unless the cluster still ran, and ended well when asked to.
stop_cluster() {
  local process=$cluster waited=0
  unset KUBECONFIG
  cluster=
  [ -n "$process" ] || return 0
  kill "$process" 2>/dev/null || return 1
  while kill -0 "$process" 2>/dev/null; do
    [ $waited -lt 300 ] || kill -KILL "$process"
    sleep 0.1
    waited=$((waited + 1))
  done
  wait "$process"
}

# Names in the environment what conformance has to have beside a cluster, as far as it is here or can be had.
find_clients() {
  # Stock kubectl of several versions beside the one of the PATH, where there is a script that gets them.
  local kubectls=../shared/reference/kubectl.sh client_go=../shared/reference/client-go.sh folder
  if [ -x $kubectls ] && folder=$($kubectls 2>/dev/null); then
    export KUBECTL_DIR=$folder
  elif [ -z "${KUBECTL_DIR:-}" ]; then
    # Debian 12's own kubectl is 1.20, the oldest that is tested. It is unpacked here, not installed.
    mkdir -p "$work/kubectl"
    if (cd "$work/kubectl" && apt-get download -qq kubernetes-client >/dev/null 2>&1 && dpkg-deb -x kubernetes-client_*.deb .); then
      ln -s usr/bin/kubectl "$work/kubectl/kubectl-1.20"
      export KUBECTL_DIR=$work/kubectl
      have kubectl || export PATH=$work/kubectl/usr/bin:$PATH
    fi
  fi
  # client-go and a Go toolchain to build with, likewise.
  # shellcheck disable=SC2154 # `repo` is lib.sh's
  [ ! -x $client_go ] || export CLIENT_GO_ENV=$repo/$client_go
}
