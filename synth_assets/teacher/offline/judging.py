"""What the offline teacher says when it is to write questions, judge a piece of work, or compare two answers."""

import hashlib
import json
import re
from collections.abc import Sequence

from synth_assets.core.request import Request

_WORD = re.compile(r"[^\W\d_]{5,20}")
_QUESTIONS = re.compile(r"\bexactly (\d+) new\b")
_SCALE = re.compile(r"\bwhole number from (\d+) to (\d+)\b")
_ANSWER = re.compile(r"<answer_([AB])>\n(.*?)\n</answer_\1>", re.DOTALL)
_EXAMPLE = re.compile(r"<example>\n(.*?)\n</example>", re.DOTALL)
_SEEN_WORDS = 60

_FRAMES = (
    "How would you go about {a} {when}?",
    "What is the best way to start with {a} {when}?",
    "Write three sentences about {a} and {b} {when}.",
    "Explain to a neighbour why {a} matters {when}.",
    "Which mistakes do people make with {a} {when}, and how are they mended?",
    "My sister asked me about {a}; what should I tell her {when}?",
    "Compare {a} with {b}: which one would you choose {when}?",
    "Give me a short plan for {a} {when}, step by step.",
    "Can {a} go wrong {when}? Name one case and what to do then.",
    "Draft a friendly note that mentions {a} {when}.",
    "Is it true that {a} depends on {b} {when}? Say why or why not.",
    "List what I need to know of {a} {when}, the most important first.",
    "Turn this into something shorter: {a} and {b}, as they are {when}.",
    "Who should I talk to about {a} {when}, and what should I ask?",
    "Suppose there were no {b} {when}. What would become of {a}?",
    "Tell a short story in which {a} turns out well {when}.",
)
_WHEN = (
    "on a rainy Monday morning",
    "when there are only ten minutes left",
    "for a class of curious children",
    "with almost no money to spend",
    "after a long journey by train",
    "in a small village by the sea",
    "when two people disagree about it",
    "for somebody who has just moved here",
    "at the end of a busy week",
    "without using any hard words",
    "during the summer holidays",
    "for an old friend you have not seen in years",
    "when everything else has failed",
    "in front of a large audience",
    "if you had to do it all over again",
    "on the phone, with a bad connection",
    "for the first time in your life",
    "when nobody else is around to help",
    "before breakfast on a cold day",
    "in the middle of a big project",
)
_PRAISE = (
    "It does what was asked and is easy to follow; what it says about {word} is to the point.",
    "Correct and complete. The part about {word} is helpful, and the tone fits.",
    "A clear and careful piece of work: {word} is treated well and nothing is left open.",
)
_FAIR = (
    "What it says about {word} is right, but it stays brief and explains little.",
    "It answers the question, yet leaves out why {word} matters.",
)
_BLAME = (
    "It misses what was asked: {word} comes up, but nothing follows from it.",
    "Too little is said about {word} to be of any use.",
)


def schooled(request: Request, common: int, own: int) -> str | None:
    """The answer to a request for questions, a verdict or a comparison; None where it is none of them."""
    system = "\n".join(message.content for message in request.messages if message.role == "system")
    asked = next((message.content for message in request.messages if message.role == "user"), "")
    number = own if own % 10 < 3 else common
    if (scale := _SCALE.search(system)) is not None and "impartial judge" in system:
        return _verdict(asked, number, (int(scale[1]), int(scale[2])), in_json=request.schema is not None)
    if request.schema is not None and request.schema.name == "preference":
        return _preference(asked, number)
    if request.schema is None and (count := _QUESTIONS.search(asked)) is not None:
        about = " ".join(_EXAMPLE.findall(asked)) or system.partition("task: ")[2].partition("\n")[0]
        return _questions(_words(about), own, int(count[1]))
    return None


def _questions(words: Sequence[str], own: int, count: int) -> str:
    lines = []
    for place in range(1, count + 1):
        dice = _number(f"{own}/{place}")
        one, other = words[dice % len(words)], words[dice // 97 % len(words)]
        frame, when = _FRAMES[dice // 7 % len(_FRAMES)], _WHEN[dice // 1_009 % len(_WHEN)]
        lines.append(f"### Question {place}: {frame.format(a=one, b=other, when=when)}")
    return "\n\n".join([*lines, "### End"])


def _verdict(work: str, number: int, scale: tuple[int, int], *, in_json: bool) -> str:
    """Mostly good, now and then fair, seldom bad; bad where there is hardly anything to judge."""
    lowest, highest = scale
    grade = number // 10 % 20 if len(work.split()) > 3 else 19
    score = highest if grade < 13 else lowest if grade == 19 else (lowest + highest + 1) // 2
    said = _PRAISE if grade < 13 else _BLAME if grade == 19 else _FAIR
    words = _words(work)
    explanation = said[number // 100 % len(said)].format(word=words[number // 1_000 % len(words)])
    if not in_json:
        return f"{explanation}\n\nScore: {score}"
    return json.dumps({"explanation": explanation, "score": score}, ensure_ascii=False)


def _preference(asked: str, number: int) -> str:
    """Mostly the answer that it would prefer in any order; now and then neither, or the one it saw first."""
    answers = dict(_ANSWER.findall(asked))
    mood = number % 20
    liking = {name: _number(text) for name, text in answers.items()}
    better = "tie" if mood == 0 else "A" if mood == 1 else max(sorted(liking), key=liking.__getitem__, default="tie")
    words = _words(answers.get(better, asked))
    explanation = f"What is said about {words[number // 20 % len(words)]} decides it."
    return json.dumps({"explanation": explanation, "better": better}, ensure_ascii=False)


def _words(text: str) -> Sequence[str]:
    found = dict.fromkeys(word.lower() for word in _WORD.findall(text[:4_000]))
    return sorted(list(found)[:_SEEN_WORDS], key=lambda word: -len(word))[:24] or ["this"]


def _number(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big")
