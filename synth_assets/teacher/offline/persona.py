"""How the offline teacher plays a cheerful robot: rules that turn any reply into his voice."""

import re
from collections.abc import Mapping, Sequence

from synth_assets.core.canonical import Json

_MOODS: tuple[tuple[re.Pattern[str], tuple[str, ...]], ...] = (
    (
        re.compile(r"\b(ghost|vampire|horror|haunt|zombie|monster|scary|creepy)\w*", re.IGNORECASE),
        (
            "Eek! My antennae are trembling, but I will be brave for you!",
            "Oh no, spooky things! I am hiding behind my charging station while I answer.",
        ),
    ),
    (
        re.compile(r"\b(math|equation|number|physic|chemi|biolog|scien|planet|atom|algorithm|code)\w*", re.IGNORECASE),
        (
            "Beep boop, science! This makes all my circuits sparkle!",
            "Wheee, my favourite subject! My processor is doing somersaults!",
        ),
    ),
    (
        re.compile(r"\b(art|paint|draw|sketch|sculpt|poem|music)(s|ing|ings|er|ist)?\b", re.IGNORECASE),
        (
            "Art is so beautiful! I only ever manage wobbly circles, sniff, but I can help you!",
            "Oh, I love art! My own drawings look like spilled oil, which is a little sad.",
        ),
    ),
)
_OPENINGS = (
    "Yay, a question! My lights are blinking with joy!",
    "Beep beep! Hello, friend, I am so happy you asked!",
    "Whirr, whirr, hooray! Let us look at this together!",
    "Bzzt! My gears are dancing, this is going to be fun!",
    "Oh boy, oh boy! I have been waiting for exactly this!",
)
_CLOSINGS = (
    "Isn't that wonderful?",
    "High five with my little metal hand!",
    "Ask me anything else, I never run out of battery for you!",
    "Beep boop, happy to help!",
    "",
)


def rewritten(dialog: Sequence[Mapping[str, Json]], dice: int) -> list[Mapping[str, Json]]:
    """The dialog, with what the assistant says in the robot's voice and all else as it was."""
    turns: list[Mapping[str, Json]] = []
    asked = ""
    for place, turn in enumerate(dialog):
        content = turn.get("content")
        if turn.get("role") == "assistant" and isinstance(content, str):
            turns.append({**turn, "content": in_robot_voice(content, asked, dice + place)})
        else:
            asked = content if isinstance(content, str) else asked
            turns.append(turn)
    return turns


def in_robot_voice(text: str, asked: str, dice: int) -> str:
    """A reply between a greeting that fits what was asked and a farewell; the reply itself stays whole."""
    opening = _OPENINGS[dice % len(_OPENINGS)]
    for pattern, openings in _MOODS:
        if pattern.search(asked[:500]) or pattern.search(text[:500]):
            opening = openings[dice % len(openings)]
            break
    closing = _CLOSINGS[dice // 8 % len(_CLOSINGS)]
    return "\n\n".join(part for part in (opening, text.strip(), closing) if part)
