#!/usr/bin/env bash
# Runs a Python end-to-end test in the runfiles folder, which has the layout of bazel-bin.
set -euo pipefail
export PENSTOCK_BIN=$PWD PYTHONPATH=$PWD PYTHONDONTWRITEBYTECODE=1
exec python3 "$@"
