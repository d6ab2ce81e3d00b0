"""What a tel: link may hold."""

import pytest

from server.kit.phones import tel

NUMBERS = {
    "+34 600 000 118": "+34600000118",
    "(0)20 7946-0018": "02079460018",
    "+44 (0)20 7946 0018": "+442079460018",
    "0034 600.000/118": "+34600000118",
    "Tel: 600 000 118": "600000118",
    "+34 600 000 118;ext=7": "+34600000118",
    "+34 600 000 118 ext. 7": "+34600000118",
    "600000118x7": "600000118",
    "600000118,,7#": "600000118",
    "600 000 118 / 119": "600000118",
    "٦٠٠٠٠٠١١٨": "600000118",
    "112": "112",
    "12": "",
    "1-800-FLOWERS": "",
    "+" + "9" * 16: "",
    "": "",
    "none": "",
    "javascript:alert(1)": "",
    '600000118" onclick="x': "",
    "600000118?body=x&amp;": "",
    "*31#600000118": "",
}


@pytest.mark.parametrize(("text", "link"), NUMBERS.items())
def test_a_number_that_can_be_dialled_or_nothing(text: str, link: str) -> None:
    assert tel(text) == link
