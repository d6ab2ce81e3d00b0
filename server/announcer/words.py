"""What the announcer says: sentences in the language of the caller, and the files that ship where nothing can speak."""

from collections.abc import Callable

from server.announcer.script import Prompt
from server.kit.text import _, speaking

SOUNDS = ("tone", "music")  # no words


def _texts() -> dict[str, str | Callable[..., str]]:
    """Of the language that is spoken now."""
    return {
        "welcome": _("Welcome."),
        "hello_name": lambda name: _("Hello, %(name)s.") % {"name": name},
        "recorded": _("This call may be recorded if you agreed to it."),
        "recording": _("This call is being recorded."),
        "closed": _("Nobody is here at this hour."),
        "silence": _("We heard nothing."),
        "wrong": _("This key leads nowhere."),
        "option_team": lambda label, digit: _("For %(name)s, press %(digit)s.") % {"name": label, "digit": digit},
        "option_person": lambda label, digit: (
            _("To speak to %(name)s, press %(digit)s.") % {"name": label, "digit": digit}
        ),
        "option_record": lambda label, digit: (
            _("To speak to %(name)s, press %(digit)s.") % {"name": label, "digit": digit}
        ),
        "option_skill": lambda label, digit: _("For %(name)s, press %(digit)s.") % {"name": label, "digit": digit},
        "option_voicemail": lambda _label, digit: _("To leave a message, press %(digit)s.") % {"digit": digit},
        "option_self": lambda _label, digit: (
            _("To hear about your own record, press %(digit)s. You need your customer number and your PIN.")
            % {"digit": digit}
        ),
        "option_menu": lambda label, digit: _("For %(name)s, press %(digit)s.") % {"name": label, "digit": digit},
        "option_text": lambda label, digit: (
            _("To hear about %(name)s, press %(digit)s.") % {"name": label, "digit": digit}
        ),
        "option_file": lambda label, digit: (
            _("To hear about %(name)s, press %(digit)s.") % {"name": label, "digit": digit}
        ),
        "connecting": lambda label: (
            _("We are calling %(name)s. To leave a message instead, press star.") % {"name": label}
        ),
        "place": lambda number: _("You are number %(n)s in the queue.") % {"n": number},
        "next": _("You are the next one."),
        "nobody_free": _("Nobody can come to the telephone now."),
        "leave_message": _(
            "Please leave a message after the tone. It is recorded. Press the hash key when you are done."
        ),
        "thanks": _("Thank you. We have your message. Goodbye."),
        "goodbye": _("Thank you for your call. Goodbye."),
        "number": _("Please type your customer number, and then the hash key."),
        "pin": _("Please type your PIN, and then the hash key."),
        "no_match": _("That number and that PIN do not belong together."),
        "field": lambda label, digit: _("To hear %(name)s, press %(digit)s.") % {"name": label, "digit": digit},
        "empty_field": _("Nothing is written there yet."),
        "will_call": _("We will call you back."),
        "self_service": _("To be called back, press seven. To leave a message, press eight. To go back, press zero."),
    }


def text_of(prompt: Prompt, language: str) -> str:
    """The whole sentence."""
    with speaking(language):
        found = _texts()[prompt.key]
        return found(*prompt.values) if callable(found) else found


def files_of(prompt: Prompt) -> tuple[str, ...]:
    """Names of the files that say it without what no file can know."""
    key, values = prompt.key, prompt.values
    if key.startswith("option_"):
        return (key, f"digit_{values[1]}")
    if key in ("place", "field"):
        return (key, *(f"digit_{digit}" for digit in values[-1]))
    return (key,)


def shipped() -> dict[str, str]:
    """file → what it says now, in the language that is spoken: what build/prompts.py speaks."""
    return {
        **{f"digit_{n}": n for n in "0123456789"},
        "hello_name": _("Hello. We know you."),
        **{key: text for key, text in _texts().items() if isinstance(text, str)},
        "option_team": _("For one of our departments, press"),
        "option_person": _("To speak to one of us, press"),
        "option_voicemail": _("To leave a message, press"),
        "option_self": _("To hear about your own record, press"),
        "option_menu": _("For more choices, press"),
        "option_record": _("To speak to whoever looks after you, press"),
        "option_skill": _("To speak to somebody who knows about it, press"),
        "option_text": _("To hear what we have to tell, press"),
        "option_file": _("To hear what we have to tell, press"),
        "connecting": _("We are calling. To leave a message instead, press star."),
        "place": _("You are in the queue, at number"),
        "field": _("To hear a field of your record, press"),
    }
