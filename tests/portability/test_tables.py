"""Tables as people have them: what the reader makes of encodings, delimiters, quotes and ragged rows."""

import json
from pathlib import Path

import pytest

from server.portability.survey import survey
from server.portability.tables import Unreadable, find_encoding, find_reading, read_headers, read_rows
from tests.conftest import shared

SPECTRUM = [
    "comma_in_quotes",
    "empty",
    "empty_crlf",
    "escaped_quotes",
    "json",
    "newlines",
    "newlines_crlf",
    "quotes_and_newlines",
    "simple",
    "simple_crlf",
    "utf8",
]


def write(folder: Path, content: str | bytes) -> Path:
    path = folder / "file.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def rows_of(path: Path) -> list[dict[str, str]]:
    reading = find_reading(path)
    headers = read_headers(path, reading)
    return [dict(zip(headers, row.cells, strict=True)) for row in read_rows(path, reading) if any(row.cells)]


@pytest.mark.parametrize("name", SPECTRUM)
def test_csv_spectrum(name: str) -> None:
    want = json.loads(shared(f"csv_spectrum/json/{name}.json").read_text())
    assert rows_of(shared(f"csv_spectrum/csvs/{name}.csv")) == want


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252", "utf-32"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_encodings_and_delimiters(tmp_path: Path, encoding: str, delimiter: str) -> None:
    text = f"Nombre{delimiter}Ciudad\nLucía Muñoz{delimiter}Cádiz\nÍñigo{delimiter}Ávila\n"
    path = write(tmp_path, text.encode(encoding))
    assert rows_of(path) == [{"Nombre": "Lucía Muñoz", "Ciudad": "Cádiz"}, {"Nombre": "Íñigo", "Ciudad": "Ávila"}]


def test_letters_of_another_script(tmp_path: Path) -> None:
    text = "Имя;Город\n" + "Анна Каренина;Санкт-Петербург\nЛев Мышкин;Павловск\n" * 20
    assert rows_of(write(tmp_path, text.encode("cp1251")))[0] == {"Имя": "Анна Каренина", "Город": "Санкт-Петербург"}


def test_bytes_that_fit_no_encoding_are_read_all_the_same(tmp_path: Path) -> None:
    path = write(tmp_path, b"name,city\nJos\xe9,C\x81diz\n")
    assert find_encoding(path) == "latin-1"
    assert rows_of(path)[0]["name"] == "José"


def test_ragged_rows(tmp_path: Path) -> None:
    path = write(tmp_path, "a,b,c\n1,2\n1,2,3,,\n1,2,3,4\n")
    short, long, wrong = read_rows(path, find_reading(path))
    assert (short.cells, short.error) == (["1", "2", ""], "")
    assert (long.cells, long.error) == (["1", "2", "3"], "")
    assert wrong.line == 4
    assert "4 cells" in wrong.error


def test_names_of_columns(tmp_path: Path) -> None:
    path = write(tmp_path, "Phone,,Phone,Phone\n1,2,3,4\n")
    assert read_headers(path, find_reading(path)) == ["Phone", "Column 2", "Phone (2)", "Phone (3)"]


def test_a_table_without_names(tmp_path: Path) -> None:
    path = write(tmp_path, "Ana,ana@example.org\nTom,tom@example.org\n")
    assert [row["Column 1"] for row in rows_of(path)] == ["Ana", "Tom"]


def test_zeros_and_an_announced_delimiter(tmp_path: Path) -> None:
    path = write(tmp_path, "sep=;\nname;note\nA\x00na;x,y,z\n")
    assert rows_of(path) == [{"name": "Ana", "note": "x,y,z"}]


def test_an_open_quote_costs_its_own_line(tmp_path: Path) -> None:
    lines = ["name,note", 'Ana,"never closed', *(f"P{n},fine" for n in range(5000))]
    path = write(tmp_path, "\n".join(lines) + "\n")
    found = list(read_rows(path, find_reading(path)))
    assert [row.line for row in found if row.error] == [2]
    assert sum(not row.error for row in found) == 5000


def test_a_cell_that_is_too_long(tmp_path: Path) -> None:
    path = write(tmp_path, f"name,note\nAna,{'x' * 200_000}\nTom,fine\n")
    first, second = read_rows(path, find_reading(path))
    assert first.error
    assert second.cells == ["Tom", "fine"]


@pytest.mark.parametrize("content", [b"", b"\xef\xbb\xbf\n\n", b"PK\x03\x04\x14\x00\x06\x00" + bytes(range(256)) * 40])
def test_what_is_no_table(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(Unreadable):
        survey(write(tmp_path, content))


def test_ten_thousand_columns(tmp_path: Path) -> None:
    path = write(tmp_path, ",".join(f"c{n}" for n in range(10_000)) + "\n1,2\n")
    with pytest.raises(Unreadable, match="10000 columns"):
        survey(path)


def test_a_column_of_days_with_a_slip_in_it_holds_no_numbers_to_ring(tmp_path: Path) -> None:
    rows = "".join(f"P{n},2024-01-{n},{n}/02/2024,+34 600 000 1{n}\n" for n in range(10, 28))
    columns = survey(write(tmp_path, f"name,since,until,tel\n{rows}Z,soon,99-99,+34 600 000 999\n"))["columns"]
    assert [one["phones"] for one in columns] == [0, 0, 0, 19]


def test_kinds_are_guessed_from_all_of_the_data(tmp_path: Path) -> None:
    head = "name,number,day,us,yes,plan,mixed,code\n"
    rows = "".join(
        f"P{n},{n},0{n % 9 + 1}/02/2024,12/{n % 28 + 1}/2023,{'Sí' if n % 2 else 'no'},{'AB'[n % 2]},{n},0{n}\n"
        for n in range(40)
    )
    columns = survey(write(tmp_path, head + rows + "Z,1,01/02/2024,12/31/2023,no,A,word,x\n"))["columns"]
    assert [one["kind"] for one in columns] == ["text", "number", "date", "date", "yes_no", "choice", "text", "text"]
    assert [one["month_first"] for one in columns][2:4] == [False, True]
