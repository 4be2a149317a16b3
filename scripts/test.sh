#!/usr/bin/env bash
# Runs every suite, against real components, and sums up. The very last line is `N passed, N failed`. Fails when a test
# failed or was skipped, when a suite could not run, and when a real component is missing.
#   scripts/test.sh [SUITE...]      default: all of them; `conformance` means every suite whose name begins so
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "$repo"

# A suite a line: its name; what it needs (`real`: root, Docker, iptables; `up …`: a cluster of its own, started so); the
# time one test may take; its files.
suites=(
  'unit|-|10s|dist/{base,openapi,client,scheduler,controllers,nodeagent,cmd,bench,tidy}/**/*.test.js dist/api/{endpoints,http,registry}/**/*.test.js'
  'storage|-|30s|dist/api/storage/**/*.test.js'
  'conformance-memory|up --in-memory|60s|dist/conformance/**/*.test.js'
  'conformance-lmdb|up --node simulated|60s|dist/conformance/**/*.test.js'
  'e2e|real|120s|dist/e2e/**/*.test.js'
)

work=$(mktemp -d)
# State of its own: tests must neither see nor stop a cluster that is in use.
export KUBETS_HOME=$work/home
cluster= # the process of the cluster that a suite runs against
cleanup() {
  stop_cluster || true
  scripts/host.sh stop-docker || true
  rm -rf "$work"
}
trap cleanup EXIT

passed=0
failed=0

# The gate asks a hundred thousand random questions, the same ones each time; other seeds are for whoever looks for more.
export FUZZ_REQUESTS=${FUZZ_REQUESTS:-100000} FUZZ_SEED=${FUZZ_SEED:-36}

# Stock kubectl of several versions beside the one of the PATH, where there is a script that gets them.
kubectls=../shared/reference/kubectl.sh
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
client_go=../shared/reference/client-go.sh
[ ! -x $client_go ] || export CLIENT_GO_ENV=$repo/$client_go

# Starts `kubets ARGUMENTS` on a free port with a state folder of its own, and names it in KUBECONFIG.
start_cluster() { # suite, arguments...
  local suite=$1 waited=0
  shift
  KUBETS_HOME=$work/$suite node dist/cmd/main.js "$@" --secure-port 0 >"$work/$suite.log" 2>&1 </dev/null &
  cluster=$!
  export KUBECONFIG=$work/$suite/kubeconfig
  until grep -q '^ready in' "$work/$suite.log"; do
    if ! kill -0 "$cluster" 2>/dev/null || [ $waited -ge 300 ]; then return 1; fi
    sleep 0.1
    waited=$((waited + 1))
  done
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

# Adds up a suite's report. A suite that wrote none, or that failed with no failed test, counts as a failure.
# conformance counts itself what it leaves out, with the reason; elsewhere a skipped test is a failed one.
count() { # suite, exit status
  local suite=$1 status=$2 line
  line=$(node -e '
    const [file, suite, status] = process.argv.slice(1);
    let stats = { passes: 0, failures: 0, pending: 0 };
    try { stats = JSON.parse(require("fs").readFileSync(file, "utf8")).stats; } catch { /* there is no report */ }
    const failures = stats.failures + (suite.startsWith("conformance") ? 0 : stats.pending);
    console.log(stats.passes, failures || (status === "0" && stats.passes > 0 ? 0 : 1), stats.pending);
  ' "$work/$suite.json" "$suite" "$status")
  read -r suite_passed suite_failed suite_pending <<<"$line"
  passed=$((passed + suite_passed))
  failed=$((failed + suite_failed))
  say "$suite: $suite_passed passed, $suite_failed failed$([ "$suite_pending" = 0 ] || echo ", $suite_pending skipped")"
}

could_not_run() { # suite, why
  failed=$((failed + 1))
  say "$1: could not run, $2"
}

run_suite() { # name, needs, timeout, files
  local name=$1 needs=$2 timeout=$3 status=0 files
  read -ra files <<<"$4"
  say "${bold}$name$plain"
  case $needs in
    real) scripts/host.sh real || { could_not_run "$name" 'a real component is missing' && return; } ;;
    up*)
      scripts/host.sh clients || { could_not_run "$name" 'an official client is missing' && return; }
      # shellcheck disable=SC2086 # they are several arguments
      if ! start_cluster "$name" $needs; then
        tail -n 20 "$work/$name.log" >&2
        stop_cluster || true
        could_not_run "$name" "kubets $needs did not become ready"
        return
      fi
      ;;
  esac
  KUBETS_TEST_REPORT=$work/$name.json node node_modules/mocha/bin/mocha.js --no-config \
    --timeout "$timeout" --reporter scripts/reporter.cjs "${files[@]}" </dev/null || status=$?
  if ! stop_cluster; then
    say "$name: the cluster did not end well:"
    tail -n 20 "$work/$name.log" >&2
    status=1
  fi
  count "$name" "$status"
}

wanted() {
  local name=$1 one
  shift
  [ $# = 0 ] && return 0
  for one in "$@"; do case $name in "$one" | "$one"-*) return 0 ;; esac done
  return 1
}

for suite in "${suites[@]}"; do
  IFS='|' read -r name needs timeout files <<<"$suite"
  if wanted "$name" "$@"; then run_suite "$name" "$needs" "$timeout" "$files"; fi
done

status=0
[ $failed = 0 ] && [ $passed -gt 0 ] || status=1
trap - EXIT
cleanup
echo "$passed passed, $failed failed"
exit $status
