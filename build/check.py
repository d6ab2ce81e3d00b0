"""Checks format, lint, types, import contracts, templates, browser modules and documents; all of them, then sums up."""

import pathlib
import re
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
BIN = ROOT / ".venv" / "bin"
DOCUMENTS = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md", "docs/live-protocol.md"]
# name, command, what it looks at (left out while that is not there)
COMMANDS = [
    ("format", ["ruff", "format", "--check", "--quiet", "."], "."),
    ("lint", ["ruff", "check", "--quiet", "."], "."),
    ("types", ["mypy"], "server"),
    ("contracts", ["lint-imports"], "server"),
    ("templates, lint", ["djlint", "templates", "--lint", "--quiet"], "templates"),
    ("browser modules", ["oxlint", "--deny-warnings", "static/js", "build"], "static/js"),
]


def main() -> int:
    results = [run_command(*row) for row in COMMANDS if (ROOT / row[2]).exists()]
    results.append(check_documents())
    return 0 if all(results) else 1


def run_command(name: str, command: list[str], _place: str) -> bool:
    began = time.monotonic()
    done = subprocess.run([str(BIN / command[0]), *command[1:]], cwd=ROOT, capture_output=True, text=True, check=False)
    return report(name, done.returncode == 0, done.stdout + done.stderr, time.monotonic() - began)


def check_documents() -> bool:
    missing = [f"missing: {name}" for name in DOCUMENTS if not (ROOT / name).exists()]
    return report("documents", not missing + broken_links(), "\n".join(missing + broken_links()), 0)


def broken_links() -> list[str]:
    found = []
    for page in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]:
        for target in re.findall(r"\]\(([^)#\s:]+)(?:#[^)]*)?\)", page.read_text()):
            if not (page.parent / target).exists():
                found.append(f"{page.relative_to(ROOT)}: no such file: {target}")
    return found


def report(name: str, good: bool, output: str, seconds: float) -> bool:
    print(f"  {'ok    ' if good else 'FAILED'}  {name} ({seconds:.1f} s)", flush=True)
    if not good:
        print(output.rstrip(), file=sys.stderr, flush=True)
    return good


if __name__ == "__main__":
    raise SystemExit(main())
