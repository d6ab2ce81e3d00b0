"""What clients may say, and the hostile things they say instead."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from realtime.limits import CALL_SIZE, FRAME_SIZE
from realtime.protocol import At, Call, Malformed, Sub, Typing, Unsub, members, parse

HOSTILE = {
    "empty": "",
    "no json": "hello",
    "half": '{"t":"sub"',
    "array": "[]",
    "number": "1",
    "null": "null",
    "no t": '{"topics":{}}',
    "deep arrays": "[" * 30_000,
    "deep objects": '{"t":"sub","topics":' + '{"a:1":' * 4_000,
    "huge int": '{"t":"sub","topics":{"a:1":' + "9" * 20_000 + "}}",
    "big int": '{"t":"sub","topics":{"a:1":9007199254740993000}}',
    "negative": '{"t":"sub","topics":{"a:1":-1}}',
    "float": '{"t":"sub","topics":{"a:1":1.5}}',
    "whole float": '{"t":"sub","topics":{"a:1":1.0}}',
    "infinity": '{"t":"sub","topics":{"a:1":Infinity}}',
    "1e400": '{"t":"sub","topics":{"a:1":1e400}}',
    "string number": '{"t":"sub","topics":{"a:1":"1"}}',
    "true": '{"t":"sub","topics":{"a:1":true}}',
    "lone surrogate": '{"t":"typing","topic":"a:\\ud800"}',
    "nul": '{"t":"typing","topic":"a:1\\u0000"}',
    "newline": '{"t":"typing","topic":"a:1\\n"}',
    "long topic": json.dumps({"t": "typing", "topic": "a:" + "1" * 200}),
    "no kind": '{"t":"typing","topic":"1"}',
    "topics as list": '{"t":"sub","topics":["a:1"]}',
    "no topics": '{"t":"sub","topics":{}}',
    "extra": '{"t":"typing","topic":"a:1","as":6}',
    "editing list": '{"t":"at","topic":"a:1","editing":["phone"]}',
    "editing html": '{"t":"at","topic":"a:1","editing":"<img>"}',
    "also string": '{"t":"at","topic":"a:1","also":"true"}',
}


@pytest.mark.parametrize("raw", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_frames_are_bad(raw: str):
    with pytest.raises(Malformed) as problem:
        parse(raw)
    assert problem.value.code == "bad" and str(problem.value) == "bad"


@pytest.mark.parametrize("t", ["patch", "hb", "", "SUB", "__class__", "é", ["sub"], None])
def test_strange_words_are_unknown(t: object):
    with pytest.raises(Malformed) as problem:
        parse(json.dumps({"t": t}))
    assert problem.value.code == "unknown"


def test_sizes_are_bytes_and_a_call_may_be_longer():
    call = json.dumps({"t": "call", "sdp": "x" * (FRAME_SIZE + 10)})
    assert isinstance(parse(call), Call)
    for raw in (
        json.dumps({"t": "typing", "topic": "a:1", "x": "x" * FRAME_SIZE}),
        json.dumps({"t": "call", "sdp": "x" * CALL_SIZE}),
        json.dumps({"t": "call", "sdp": "é" * (CALL_SIZE // 2)}, ensure_ascii=False),
        json.dumps({"t": "sub", "topics": {f"contact:{n}": 0 for n in range(10_000)}}),
        "x" * 2**20,
    ):
        with pytest.raises(Malformed) as problem:
            parse(raw)
        assert problem.value.code in ("size", "bad")


def test_what_is_allowed():
    assert parse('{"t":"sub","topics":{"case:9:team":41,"room:3":null}}') == Sub(t="sub", topics={"case:9:team": 41, "room:3": None})
    assert parse('{"t":"unsub","topics":["room:3"]}') == Unsub(t="unsub", topics=["room:3"])
    assert parse('{"t":"at","topic":"contact:7","editing":"phone"}') == At(t="at", topic="contact:7", editing="phone")
    assert parse('{"t":"at","topic":null}') == At(t="at", topic=None)
    assert parse('{"t":"typing","topic":"room:3"}') == Typing(t="typing", topic="room:3")
    call = parse('{"t":"call","do":"join","call":5}')
    assert isinstance(call, Call) and members(call) == {"do": "join", "call": 5}


@given(st.text(max_size=300) | st.recursive(st.none() | st.integers() | st.text(), lambda x: st.lists(x) | st.dictionaries(st.text(), x)).map(json.dumps))
def test_nothing_else_ever_comes_out(raw: str):
    try:
        parse(raw)
    except Malformed as problem:
        assert problem.code in ("bad", "size", "unknown")
