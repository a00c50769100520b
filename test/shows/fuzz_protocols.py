"""Everything that reads the bytes of a protocol meets hostile ones under asan: its fuzz target for 5 minutes, without a finding."""
from test.support.fuzzing import PROTOCOLS, fuzz
from test.support.verdict import Verdict


def main(words):
    verdict = Verdict("fuzz-protocols")
    fuzz(verdict, PROTOCOLS, int(words[0]) if words else 300)
    return verdict.end()
