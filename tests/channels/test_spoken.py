"""Which of the two languages a letter is in."""

import pytest

from server.channels.spoken import spoken_in
from tests.conftest import shared

ENGLISH = (
    "Steam wand loses pressure\nThe left wand gives wet steam. Can you help?",
    "Order 5521 arrived broken\n\nHello,\nThe grinder arrived with a cracked hopper. Please send a new one.",
    "Madrid office\n\nWe moved to Calle de la Luna 4. Is it the same price to deliver there?",
)
SPANISH = (
    "Baja del boletín\nPor favor, quítenme de la lista.",
    "Factura de octubre\n¿Me envían la factura de octubre?",
    "LA MAQUINA PIERDE AGUA POR DEBAJO DESDE AYER",
    "Pedido 5521\nBuenos días: el molino llegó con la tolva rota. Un saludo, Rosa (The Coffee House)",
)
UNCLEAR = ("", "5521", "Ok", "Harriet Cole", "🙂", "Invoice / Factura", "Guten Tag, die Maschine ist kaputt.")


@pytest.mark.parametrize(
    ("text", "language"),
    [
        *((text, "en") for text in ENGLISH),
        *((text, "es") for text in SPANISH),
        *((text, "") for text in UNCLEAR),
    ],
)
def test_small_words_tell(text: str, language: str) -> None:
    assert spoken_in(text) == language


def test_letters_of_others() -> None:
    folder = shared("email_reply/email_1_1.txt").parent
    texts = [path.read_text(errors="replace") for path in sorted(folder.glob("*.txt"))]
    assert texts and {spoken_in(text) for text in texts} == {"en"}
