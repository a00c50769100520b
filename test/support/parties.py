"""Programs of others, from npm: the packages of test/parties/package-lock.json, installed once per lock file."""
import fcntl
import hashlib
import os
import pwd
import shutil
import subprocess

from test.support import fleet

FOLDER = os.path.join(fleet.ROOT, "test/parties")
# Outside the checkout and the sandbox, so that the registry is asked once.
CACHE = os.environ.get("PENSTOCK_PARTIES", os.path.join(pwd.getpwuid(os.getuid()).pw_dir, ".cache/penstock-parties"))


def node_modules():
    """The folder with the packages; runs `npm ci` if they are not there yet."""
    lock_file = os.path.join(FOLDER, "package-lock.json")
    with open(lock_file, "rb") as file:
        home = os.path.join(CACHE, hashlib.sha256(file.read()).hexdigest()[:16])
    os.makedirs(home, exist_ok=True)
    with open(os.path.join(home, "lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not os.path.exists(os.path.join(home, "complete")):
            for name in ("package.json", "package-lock.json"):
                shutil.copy(os.path.join(FOLDER, name), home)
            environment = dict(os.environ, HOME=pwd.getpwuid(os.getuid()).pw_dir)
            done = subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=home, env=environment,
                                  capture_output=True, text=True, timeout=300)
            assert done.returncode == 0, f"npm ci: {done.stdout}{done.stderr}"
            open(os.path.join(home, "complete"), "w").close()
    return os.path.join(home, "node_modules")


def start_node(script, *words, **kwargs):
    """A node process that runs test/parties/SCRIPT and may require the packages."""
    environment = dict(os.environ, NODE_PATH=node_modules())
    return fleet.start(["node", os.path.join(FOLDER, script), *words], env=environment, **kwargs)


def certificate(folder, name):
    """FOLDER/NAME.crt and .key: a certificate for NAME that is its own issuer."""
    stem = os.path.join(folder, name)
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
                    f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}", "-keyout", stem + ".key", "-out", stem + ".crt"],
                   check=True, capture_output=True)
    os.chmod(stem + ".key", 0o600)


if __name__ == "__main__":
    print("packages from npm:", node_modules())
