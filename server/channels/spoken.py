"""In which of the two languages of the house something is written, by the small words that every sentence has."""

import re

LIMIT = 4000  # characters that are looked at
WORD = re.compile(r"[^\W\d_]+")
ENGLISH = (
    "the and you your for is are was were with of to my we our have has had this that please hello hi thanks thank not "
    "it can could would will from when what which how but on at be been do does did there"
)
SPANISH = (
    "el la los las de del que por para con una un es está están son mi mis su sus hola gracias favor buenos buenas "
    "días tardes y en se nos les lo al cuando cómo qué pero desde tengo tiene tienen pueden puede hay muy más si sí "
    "quisiera necesito necesitamos"
)
SMALL = {"en": frozenset(ENGLISH.split()), "es": frozenset(SPANISH.split())}
ONLY_SPANISH = re.compile(r"[¿¡ñÑ]")
LEAST = 2  # small words: one alone may be a name


def spoken_in(text: str) -> str:
    """ "en", "es", or "" when it is not clear."""
    words = WORD.findall(text[:LIMIT].lower())
    found = {language: sum(word in small for word in words) for language, small in SMALL.items()}
    found["es"] += 2 * len(ONLY_SPANISH.findall(text[:LIMIT]))
    more, less = sorted(found, key=lambda language: -found[language])
    return more if found[more] >= LEAST and found[more] >= 2 * found[less] else ""
