"""The ear of these tests hears a sound where it is, and only there."""

from pathlib import Path

from server.announcer.speech import PROMPTS
from tests.announcer.ears import ALIKE, bursts, likeness, of_file

WELCOME, GOODBYE = PROMPTS / "en" / "goodbye.opus", PROMPTS / "en" / "leave_message.opus"


def test_a_sound_is_known_among_others(tmp_path: Path) -> None:
    one, other, third = of_file(WELCOME), of_file(GOODBYE), of_file(bursts(tmp_path / "x.wav"))
    silence = [0.0] * 40
    assert likeness([*silence, *other, *silence, *one, *silence], one) > ALIKE
    assert likeness([*silence, *other, *silence, *third, *silence], one) < ALIKE - 0.1
    assert likeness([*silence, *one, *silence, *other], third) < ALIKE - 0.1
    assert likeness(one[:10], one) == -1
