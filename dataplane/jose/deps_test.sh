#!/usr/bin/env bash
# What reads tokens is linked where no cryptography is: by the snapshot, both planes and the CLI.
# Usage: deps_test.sh FILE, the output of a query for all that //dataplane/jose:token depends on.
set -euo pipefail
if grep -E '^(//(dataplane|controlplane)/|@system//)' "$1" | grep -vE '^(//dataplane/(base|jose)[:/]|@system//:absl)'; then
  echo "//dataplane/jose:token depends on the targets above, which it must not"
  exit 1
fi
grep -q '^//dataplane/jose:json$' "$1" || { echo "the query found nothing"; exit 1; }
