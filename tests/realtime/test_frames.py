import json

import pytest
from realtime.frames import DEFLATE_FROM, Batch, Frame, json_frame, message_frame, wire_frame
from realtime.message import Message
from websockets.client import ClientProtocol
from websockets.extensions.permessage_deflate import PerMessageDeflate
from websockets.protocol import State
from websockets.uri import parse_uri


def read(data: bytes) -> list[str]:
    """What a client with our compression makes of these bytes."""
    client = ClientProtocol(parse_uri("ws://test/"), state=State.OPEN, max_size=None)
    client.extensions = [PerMessageDeflate(True, True, 12, 12)]
    client.receive_data(data)
    return [bytes(frame.data).decode() for frame in client.events_received()]


@pytest.mark.parametrize("size", [0, 1, 125, 126, 127, 65535, 65536, 70000])
def test_a_frame_of_any_length_is_read_back(size: int):
    assert read(wire_frame(b"x" * size)) == ["x" * size]


def test_compressed_frames_need_no_memory_of_each_other():
    frames = [Frame(json.dumps({"html": "abc é " * 400, "n": n}).encode()) for n in range(3)]
    assert all(len(frame.deflated) < len(frame.plain) / 10 for frame in frames)
    for order in ([0, 1, 2], [2, 0], [1, 1]):
        batch = Batch([frames[n] for n in order])
        assert read(batch.deflated) == read(batch.plain) == [frames[n].payload.decode() for n in order]


def test_short_and_incompressible_frames_stay_plain():
    import random

    short, noise = Frame(b"x" * (DEFLATE_FROM - 1)), Frame(random.Random(1).randbytes(5000))
    assert short.deflated is short.plain and noise.deflated is noise.plain


def test_each_form_is_made_once():
    frame = Frame(b"x" * 5000)
    assert frame.plain is frame.plain and frame.deflated is frame.deflated


@pytest.mark.parametrize(
    ("kind", "bodies", "expected"),
    [
        ("p", {"en": b'"html":"<b>\\"x\\"</b>"'}, {"t": "p", "html": '<b>"x"</b>'}),
        ("p", {"es": b'"html":"x"'}, {"t": "p", "html": ""}),
        ("p", {"*": b'"html":"any"'}, {"t": "p", "html": "any"}),
        ("p", {"en": b""}, {"t": "p", "html": ""}),
        ("p", {"en": b'"html":"","regions":["a"]'}, {"t": "p", "html": "", "regions": ["a"], "spread": 7}),
        ("p", {"en": b'"html":"\\"regions\\":"'}, {"t": "p", "html": '"regions":'}),
        ("r", {"*": b'"regions":["board"]'}, {"t": "r", "regions": ["board"], "spread": 7}),
        ("r", {}, {"t": "p", "html": ""}),
    ],
)
def test_a_message_becomes_its_frame(kind: str, bodies: dict[str, bytes], expected: dict[str, object]):
    frame = message_frame(Message('odd:"1', 42, 9, kind, bodies), "en", 7)
    assert json.loads(frame.payload) == {"topic": 'odd:"1', "n": 42, **expected}


def test_words_of_our_own_are_compact_json():
    assert json_frame(t="no", topic="a:1").payload == b'{"t":"no","topic":"a:1"}'
