"""Takes the pictures of docs/pictures anew from the demo: `PYTHONPATH=. .venv/bin/python build/pictures.py`."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from tests import needs
from tests.browser.house import FLAGS, wait_until_ready

FOLDER = Path("docs/pictures")
OWNER = "marcos@example.org"


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        port = needs.free_port()
        url = f"http://127.0.0.1:{port}"
        words = os.environ | {"DATA_DIR": folder, "PORT": str(port), "BASE_URL": url, "LOG_LEVEL": "WARNING"}
        command = [sys.executable, "-m", "server"]
        filled = subprocess.run([*command, "demo"], env=words, check=True, capture_output=True, text=True)
        with (Path(folder) / "server.log").open("wb") as log:
            server = subprocess.Popen([*command, "serve"], env=words, stdout=log, stderr=log)
        try:
            wait_until_ready(url, server, Path(folder))
            take_all(url, filled.stdout.split()[-1])
        finally:
            server.terminate()
            server.wait(20)


def take_all(url: str, password: str) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=needs.chromium(), args=FLAGS)
        page = browser.new_page(viewport={"width": 1440, "height": 900}, color_scheme="light")
        page.goto(f"{url}/signin")
        page.fill("#email", OWNER)
        page.fill("#password", password)
        page.click("[type=submit]")
        page.wait_for_url("**/contacts")
        take_list(page, url)
        page.goto(f"{url}/contacts?q=Luc%C3%ADa+Ferrer")
        page.get_by_role("link", name="Lucía Ferrer").click()
        take(page, "record")
        page.goto(f"{url}/tasks")
        take(page, "tasks")
        page.goto(f"{url}/chat")
        page.get_by_role("link", name="general").click()
        page.locator("button.thread").first.click()
        page.locator("#thread .say").first.wait_for()
        take(page, "chat")
        browser.close()


def take_list(page: Page, url: str) -> None:
    page.goto(f"{url}/contacts?sort=-active&cols=plan,monthly_value")
    for n in (1, 2, 4):
        page.locator("[data-bulk-row]").nth(n).check()
    take(page, "list")


def take(page: Page, name: str) -> None:
    """When the page is live and its fonts are there."""
    page.mouse.move(0, 0)
    page.evaluate("document.fonts.ready")
    page.wait_for_function("!document.querySelector('[data-lamp].catch, [data-lamp].paused')")
    page.wait_for_timeout(600)  # what opens has opened
    page.evaluate("document.activeElement?.blur()")
    page.screenshot(path=FOLDER / f"{name}.png")


if __name__ == "__main__":
    main()
