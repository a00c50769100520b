"""Every file and function that the two guides name exists."""
import subprocess

from test.support.verdict import Verdict


def main(_):
    verdict = Verdict("docs")
    guides = ["dataplane/README.md", "controlplane/README.md"]
    done = subprocess.run(["python3", "tools/linters/guide_names.py", *guides], capture_output=True, text=True)
    print(done.stdout, end="")
    verdict.equal("names in the guides that do not exist", done.stdout.count("no such file") + done.stdout.count("is not in"), 0)
    verdict.equal("exit of the check", done.returncode, 0)
    return verdict.end()
