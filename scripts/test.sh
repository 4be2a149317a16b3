#!/usr/bin/env bash
# Runs every suite, against real components, and sums up. The very last line is `N passed, N failed`. Fails when a test
# failed or was skipped, when a suite could not run, and when a real component is missing.
#   scripts/test.sh [SUITE...]      default: all of them
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "$repo"

# A suite a line: its name, what it needs (`real`: root, Docker, iptables), the time one test may take, its files.
suites=(
  'unit|-|10s|dist/{base,openapi,client,scheduler,controllers,nodeagent,cmd,tidy}/**/*.test.js dist/api/{endpoints,http,registry}/**/*.test.js'
  'storage|-|30s|dist/api/storage/**/*.test.js'
  'conformance|-|60s|dist/conformance/**/*.test.js'
  'e2e|real|120s|dist/e2e/**/*.test.js'
)

work=$(mktemp -d)
# State of its own: tests must neither see nor stop a cluster that is in use.
export KUBETS_HOME=$work/home
cleanup() {
  scripts/host.sh stop-docker || true
  rm -rf "$work"
}
trap cleanup EXIT

passed=0
failed=0

# Adds up a suite's report. A suite that wrote none, or whose process failed with no failed test, counts as a failure.
count() { # suite, exit status
  local suite=$1 status=$2 line
  line=$(node -e '
    const [file, status] = process.argv.slice(1);
    let stats = { passes: 0, failures: 0, pending: 0 };
    try { stats = JSON.parse(require("fs").readFileSync(file, "utf8")).stats; } catch { /* there is no report */ }
    const failures = stats.failures + stats.pending;
    console.log(stats.passes, failures || (status === "0" && stats.passes > 0 ? 0 : 1), stats.pending);
  ' "$work/$suite.json" "$status")
  read -r suite_passed suite_failed suite_pending <<<"$line"
  passed=$((passed + suite_passed))
  failed=$((failed + suite_failed))
  say "$suite: $suite_passed passed, $suite_failed failed$([ "$suite_pending" = 0 ] || echo ", $suite_pending of them skipped")"
}

run_suite() { # name, needs, timeout, files
  local name=$1 needs=$2 timeout=$3 status=0 files
  read -ra files <<<"$4"
  say "${bold}$name$plain"
  if [ "$needs" = real ] && ! scripts/host.sh real; then
    failed=$((failed + 1))
    say "$name: could not run, a real component is missing"
    return
  fi
  KUBETS_TEST_REPORT=$work/$name.json node node_modules/mocha/bin/mocha.js --no-config --exit \
    --timeout "$timeout" --reporter scripts/reporter.cjs "${files[@]}" </dev/null || status=$?
  count "$name" "$status"
}

wanted() {
  local name=$1 one
  shift
  [ $# = 0 ] && return 0
  for one in "$@"; do [ "$one" = "$name" ] && return 0; done
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
