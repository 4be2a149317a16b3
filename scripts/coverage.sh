#!/usr/bin/env bash
# Prints by area how many of the listed behaviours conformance covers, and how many of those pass: on the cluster that
# KUBECONFIG names, or else on one in memory that is there for it alone. Fails where one that needs nothing but an API
# server is not covered or does not pass.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source=scripts/cluster.sh
. "$repo/scripts/cluster.sh"
cd "$repo"

work=$(mktemp -d)
cleanup() {
  stop_cluster || true
  rm -rf "$work"
}
trap cleanup EXIT

find_clients
if [ -z "${KUBECONFIG:-}" ]; then
  start_cluster coverage up --in-memory || { tail -n 20 "$work/coverage.log" >&2 && die 'The cluster did not become ready.'; }
fi
node dist/conformance/coverage.js
