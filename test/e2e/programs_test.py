"""What each program says of itself: --help and --version."""
import os
import re
import subprocess
import unittest

BIN = os.environ.get("PENSTOCK_BIN", "bazel-bin")
PROGRAMS = {
    "penstock": "tools/cli/penstock",
    "penstock-controlplane": "controlplane/server/penstock-controlplane",
    "penstock-dataplane": "dataplane/server/penstock-dataplane",
}


def run(name, flag):
    return subprocess.run([os.path.join(BIN, PROGRAMS[name]), flag], capture_output=True, text=True, timeout=60)


class Programs(unittest.TestCase):
    def test_help_says_in_its_first_line_what_the_program_is(self):
        for name in PROGRAMS:
            for flag in ("--help", "-h"):
                done = run(name, flag)
                self.assertEqual((done.returncode, done.stderr), (0, ""), name)
                self.assertRegex(done.stdout.splitlines()[0], rf"^{name}: \w+")

    def test_version_is_one_line_with_the_name_and_the_number(self):
        for name in PROGRAMS:
            done = run(name, "--version")
            self.assertEqual((done.returncode, done.stderr), (0, ""), name)
            self.assertRegex(done.stdout.splitlines()[0], rf"^{name} +\d+\.\d+\.\d+$")

    def test_the_programs_are_of_one_version(self):
        versions = {run(name, "--version").stdout.split()[1] for name in PROGRAMS}
        self.assertEqual(len(versions), 1, versions)

    def test_help_shows_flags_as_people_write_them_with_hyphens(self):
        for name in PROGRAMS:
            flags = re.findall(r"--[\w-]+", run(name, "--help").stdout)
            self.assertTrue(flags, name)
            self.assertEqual([flag for flag in flags if "_" in flag], [], name)

    def test_flags_are_taken_with_hyphens_and_unknown_ones_refused_with_the_way_to_the_list(self):
        for name in PROGRAMS:
            done = run(name, "--no-such-flag")
            self.assertEqual(done.returncode, 2, done.stderr)
            self.assertIn("--no-such-flag", done.stderr)


if __name__ == "__main__":
    unittest.main()
