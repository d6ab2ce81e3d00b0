"""Telephone numbers as people write them, made into what a tel: link may hold."""

import re
import unicodedata

FEW, MOST = 3, 15  # digits of a number (E.164)
WRITTEN = re.compile(r"(\+|00)?([\d\s().\-/]*)")
EXTENSION = re.compile(r"\s*([;,#x]|ext|int|p\.|$)", re.IGNORECASE)


def tel(text: object) -> str:
    """An optional + and the digits of the first number in it, without its extension; "" where it is no number that
    can be dialled, such as one that goes on in letters."""
    plain = re.split(r"\s/\s", unicodedata.normalize("NFKC", str(text)))[0]
    start = re.search(r"\+?\d|\(\d", plain)
    if start is None or not (found := WRITTEN.match(plain, start.start())):
        return ""
    if not EXTENSION.match(plain, found.end()):
        return ""
    abroad = "+" if found[1] else ""
    written = re.sub(r"\(0\)", "", found[2]) if abroad else found[2]
    digits = "".join(str(int(one)) for one in written if one.isdecimal())
    return abroad + digits if FEW <= len(digits) <= MOST else ""
