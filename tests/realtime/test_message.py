import pytest
from hypothesis import given
from hypothesis import strategies as st
from realtime.message import Message

text = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
messages = st.builds(
    Message,
    topic=text,
    n=st.integers(1, 2**60),
    position=st.integers(0, 2**60),
    kind=st.sampled_from(["p", "r"]),
    bodies=st.dictionaries(text, st.binary(max_size=50), max_size=4),
    recheck=st.booleans(),
)


@given(messages)
def test_what_is_encoded_is_decoded(message: Message):
    assert Message.decode(message.encode()) == message


@pytest.mark.parametrize(
    "raw",
    [b"", b"\n", b"{}\n", b"[]\n", b"[" * 100_000, b'["t",1,0,"p",0,{"en":5}]\nabc', b'["t",0,0,"p",0,{}]\n', b'["t",1,0,"x",0,{}]\n']
    + [b'["t","1",0,"p",0,{}]\n', b'["t",1,0,"p",0,{}]', b'["t",1,0,"p",0,[]]\n', b'["t",1,0,"p",0,{"a":"b"}]\n', b"\xff\n"],
)
def test_what_is_no_message_is_refused(raw: bytes):
    with pytest.raises(ValueError):
        Message.decode(raw)


def test_a_variant_falls_back_to_the_body_for_any():
    message = Message("t:1", 1, 0, "p", {"en": b"1", "*": b"2"})
    assert message.key("en") == "en" and message.key("es") == "*"
    assert Message("t:1", 1, 0, "p", {"en": b"1"}).key("es") is None
