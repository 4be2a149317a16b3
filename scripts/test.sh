#!/usr/bin/env bash
# Runs every suite, against real components, and sums up. The very last line is `N passed, N failed`. Fails when a test
# failed or was skipped, when a suite could not run, and when a real component is missing.
#   scripts/test.sh [SUITE...]      default: all of them; `conformance` means every suite whose name begins so
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source=scripts/cluster.sh
. "$repo/scripts/cluster.sh"
cd "$repo"

# A suite a line: its name; what it needs (`real`: root, Docker, iptables; `up …`: a cluster of its own, started so;
# `apiserver …`: an API server alone; `etcd`: an etcd is installed; `etcd up …`: a cluster with an etcd of its own); the
# time one test may take; its files.
# What is compared with a reference that has no controllers is compared without ours.
conformance='dist/conformance/**/*.test.js --ignore dist/conformance/differential/**'
# Loops that look every 15 seconds would make tests wait as long.
quick='--horizontal-pod-autoscaler-sync-period 1s --metric-resolution 2s'
suites=(
  'unit|-|10s|dist/{base,openapi,client,scheduler,controllers,nodeagent,cmd,bench,tidy}/**/*.test.js dist/api/*.test.js dist/api/{auth,endpoints,http,registry}/**/*.test.js'
  'storage|etcd|30s|dist/api/storage/**/*.test.js'
  'differential|apiserver --in-memory|60s|dist/conformance/differential/*.test.js'
  "conformance-memory|up --in-memory $quick|60s|$conformance"
  "conformance-lmdb|up --node simulated $quick|60s|$conformance"
  "conformance-etcd|etcd up --node simulated --etcd-compaction-interval 15s $quick|60s|$conformance"
  'e2e|real|120s|dist/e2e/*.test.js dist/e2e/rude/*.test.js'
  'crash|etcd|120s|dist/e2e/crash/*.test.js'
  'churn|-|300s|dist/e2e/churn/*.test.js'
)

work=$(mktemp -d)
# State of its own: tests must neither see nor stop a cluster that is in use.
export KUBETS_HOME=$work/home
cleanup() {
  stop_cluster || true
  stop_etcd
  scripts/host.sh stop-docker || true
  rm -rf "$work"
}
trap cleanup EXIT

passed=0
failed=0

# The gate asks a hundred thousand random questions, the same ones each time; other seeds are for whoever looks for more.
export FUZZ_SEED=${FUZZ_SEED:-36}
fuzz_requests() { # suite
  # What the engines differ in is for the storage suite; a few are enough for the others.
  case $1 in conformance-memory) echo 100000 ;; *) echo 5000 ;; esac
}

find_clients

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
  local name=$1 needs=$2 timeout=$3 status=0 files flags=()
  read -ra files <<<"$4"
  say "${bold}$name$plain"
  case $needs in
    etcd*) scripts/host.sh etcd || { could_not_run "$name" 'etcd is missing' && return; } ;;
  esac
  case $needs in
    etcd\ up*)
      if ! start_etcd "$name"; then
        tail -n 20 "$work/$name.etcd.log" >&2
        stop_etcd
        could_not_run "$name" 'etcd did not start'
        return
      fi
      needs=${needs#etcd }
      flags=(--etcd-servers "$etcd_url")
      ;;
  esac
  case $needs in
    real) scripts/host.sh real || { could_not_run "$name" 'a real component is missing' && return; } ;;
    up* | apiserver*)
      scripts/host.sh clients || { could_not_run "$name" 'an official client is missing' && return; }
      # shellcheck disable=SC2086 # they are several arguments
      if ! start_cluster "$name" $needs "${flags[@]}"; then
        tail -n 20 "$work/$name.log" >&2
        stop_cluster || true
        stop_etcd
        could_not_run "$name" "kubets $needs did not become ready"
        return
      fi
      ;;
  esac
  FUZZ_REQUESTS=${FUZZ_REQUESTS:-$(fuzz_requests "$name")} FUZZ_SERVER_PID=$cluster \
    KUBETS_TEST_REPORT=$work/$name.json node node_modules/mocha/bin/mocha.js --no-config \
    --timeout "$timeout" --reporter scripts/reporter.cjs "${files[@]}" </dev/null || status=$?
  if ! stop_cluster; then
    say "$name: the cluster did not end well:"
    tail -n 20 "$work/$name.log" >&2
    status=1
  fi
  stop_etcd
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
