"""A place for a file: pressed, reached by key, dropped on, and without scripts."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.house import House

pytestmark = pytest.mark.browser
DROP = """(zone, name) => {
  const carried = new DataTransfer();
  carried.items.add(new File(['name,email\\nLucía,lucia@example.org\\n'], name, { type: 'text/csv' }));
  for (const kind of ['dragover', 'drop']) zone.dispatchEvent(new DragEvent(kind, { dataTransfer: carried, bubbles: true, cancelable: true }));
}"""


def test_a_dropped_file_is_named_and_looked_at(sqlite_house: House, chromium: Browser) -> None:
    ana = sqlite_house.sit(chromium, "ana@example.org")
    ana.goto(f"{sqlite_house.url}/import")
    zone = ana.locator("label.drop")
    expect(zone).to_contain_text("or drop it here")
    ana.locator("#file").focus()
    ana.keyboard.press("Shift+Tab")
    ana.keyboard.press("Tab")
    assert zone.evaluate("zone => getComputedStyle(zone).outlineStyle") == "solid"
    zone.evaluate(DROP, "clientes.csv")
    expect(zone).to_contain_text("clientes.csv")
    ana.get_by_role("button", name="Look at the file").click()
    expect(ana.get_by_role("button", name="Import 1 row")).to_be_visible()
    ana.context.close()


def test_an_import_begins_without_scripts(sqlite_house: House, chromium: Browser, tmp_path: Path) -> None:
    signed_in = sqlite_house.sit(chromium, "ana@example.org")
    state = signed_in.context.storage_state()
    signed_in.context.close()
    bare = chromium.new_context(java_script_enabled=False, storage_state=state)
    page = bare.new_page()
    page.goto(f"{sqlite_house.url}/import")
    card = tmp_path / "one.vcf"
    card.write_text("BEGIN:VCARD\nVERSION:3.0\nFN:Lucía Ferrer\nEMAIL:lucia@example.org\nEND:VCARD\n")
    page.set_input_files("#file", card)
    page.get_by_role("button", name="Look at the file").click()
    page.wait_for_url("**/import/*")
    expect(page.get_by_role("heading", name="Columns")).to_be_visible()
    bare.close()


def test_choices_of_columns_are_read_at_any_width(sqlite_house: House, chromium: Browser) -> None:
    ana = sqlite_house.sit(chromium, "ana@example.org")
    rows = (
        b"Correo electronico;Empresa\n" + b"persona.de.nombre.largo@example.org;Empresa de Nombre Bastante Largo\n" * 3
    )
    made = sqlite_house.owner.post("/import", files={"file": ("x.csv", rows, "text/csv")})
    ana.goto(sqlite_house.url + made.headers["location"])
    for width in (1440, 820, 390):
        ana.set_viewport_size({"width": width, "height": 900})
        widths = ana.evaluate("[...document.querySelectorAll('.map select')].map((one) => one.offsetWidth)")
        assert min(widths) >= 150, (width, widths)
        assert ana.locator(".map").evaluate("(one) => one.offsetWidth <= one.parentElement.clientWidth"), (
            f"cut off at {width}"
        )
    readers = ana.evaluate("[...document.querySelectorAll('#reading select')].map((one) => one.offsetWidth)")
    assert len(set(readers)) == 1, "on a telephone they stand below one another"
    ana.context.close()
