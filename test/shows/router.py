"""The router's cost and correctness, by its own program."""
import subprocess


def main(words):
    return subprocess.run(["bazel-bin/dataplane/router/router_show", *words]).returncode
