"""tools/test in the default build, under asan and under tsan."""
import subprocess
import time

from test.support.verdict import Verdict


def main(_):
    verdict = Verdict("tests")
    for flags in ([], ["--asan"], ["--tsan"]):
        began = time.monotonic()
        code = subprocess.run(["tools/test", *flags]).returncode
        verdict.equal(f"exit of tools/test {' '.join(flags)} after {time.monotonic() - began:.0f} s", code, 0)
    return verdict.end()
