#!/usr/bin/env bash
# The compiler of snapshots is linked by both planes and the CLI: it must stay pure.
# Usage: deps_test.sh FILE, the output of a query for all that it depends on.
set -euo pipefail
forbidden='^(//dataplane/(io|tls|telemetry|upstream|proxy|downstream|xds|admin|server)[:/]|//controlplane|@system//:(crypt|crypto|ssl|grpc|cares|prometheus|sqlite3)$)'
if grep -E "$forbidden" "$1"; then
  echo "//dataplane/snapshot depends on the targets above, which it must not"
  exit 1
fi
grep -q '^//dataplane/router:router$' "$1" || { echo "the query found nothing"; exit 1; }
