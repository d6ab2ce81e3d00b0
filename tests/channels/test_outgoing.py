"""Letters that we write: styled in place, plain text beside, nothing that loads from elsewhere."""

from email.message import EmailMessage

from server.channels.incoming import Attachment, read_letter
from server.channels.outgoing import Outgoing, compose
from server.kit.clock import now


def written(body: str, **more: object) -> EmailMessage:
    given = {"sender": ("Nogal Café", "help@nogal.example"), "to": [("Harriet", "h@x.example")], "subject": "Re: Steam"}
    given |= {"signature": "Ana\nMadrid", "message_id": "<1@nogal.example>", "references": [], "at": now()}
    return compose(Outgoing(**given | {"body": body} | more))  # type: ignore[arg-type]


def html_of(message: EmailMessage) -> str:
    part = message.get_body(("html",))
    assert part is not None
    return str(part.get_content())


def test_each_element_carries_its_style() -> None:
    html = html_of(written("Please close the **left** valve.\n\n> as you wrote\n\n[Manual](https://nogal.example/m)"))
    assert "<style" not in html and "<link" not in html and "class=" in html
    assert '<a href="https://nogal.example/m"' in html and "color: #2b4fcf" in html.replace("color:#", "color: #")
    assert "border-left" in html and "<strong>left</strong>" in html and "Nogal Café</p>" in html


def test_the_plain_text_stands_beside() -> None:
    message = written("Please close the **left** valve.", language="es")
    read = read_letter(message.as_bytes())
    assert read.text.startswith("Please close the left valve.") and "Madrid" in read.text
    assert '<html lang="es"' in read.html


def test_what_is_written_is_no_markup() -> None:
    html = html_of(written('<script>alert(1)</script> <img src="https://evil.example/x.png">'))
    assert "<script" not in html and "<img" not in html


def test_files_are_attached_under_their_names() -> None:
    read = read_letter(written("See there.", attachments=[Attachment("Año 2026.pdf", b"%PDF-1.7 x")]).as_bytes())
    assert [(one.name, one.content) for one in read.attachments] == [("Año 2026.pdf", b"%PDF-1.7 x")]


WORDS = """Hello **Harriet**, read [the *manual*](https://x.example/m) or https://y.example, <a@b.example>

- one
- two
  1. inner `code`

> quoted
> more

```
**raw**
```

## Head
a\\*b, 3 * 4 and snake_case_name
"""
READABLE = """Hello Harriet, read the manual (https://x.example/m) or https://y.example, a@b.example

- one
- two
  1. inner code

> quoted
> more

**raw**

Head

a*b, 3 * 4 and snake_case_name"""


def test_the_plain_text_reads_as_if_typed() -> None:
    plain = written(WORDS, signature="**Ana** [Nogal](https://nogal.example)").get_body(("plain",))
    assert plain is not None
    assert plain.get_content().rstrip("\n") == f"{READABLE}\n\n-- \nAna Nogal (https://nogal.example)"
