"""A start looks whether there is anything to migrate before it loads what migrates."""

import re
import subprocess
import sys
from pathlib import Path

from server.kit.migrate import MIGRATIONS, newest

START = """
import asyncio, sys
from server.kit.migrate import migrate
asyncio.run(migrate(sys.argv[1]))
print("alembic" in sys.modules)
"""


def test_the_newest_revision_is_the_last_of_the_chain() -> None:
    sources = [path.read_text() for path in (MIGRATIONS / "versions").glob("*.py")]
    revisions = {found[1] for source in sources if (found := re.search(r'^revision = "(\w+)"', source, re.M))}
    followed = {found[1] for source in sources if (found := re.search(r'^down_revision = "(\w+)"', source, re.M))}
    assert revisions - followed == {newest()}


def test_a_start_with_nothing_to_migrate_loads_no_alembic(tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path}/house.db"

    def start() -> str:
        words = [sys.executable, "-c", START, url]
        return subprocess.run(words, check=True, capture_output=True, text=True).stdout.strip()

    assert [start(), start()] == ["True", "False"]
