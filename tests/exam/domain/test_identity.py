"""The code on a learner's screen, and that words keep their contrast behind it (IN-05)."""

import re
from itertools import product
from pathlib import Path

import exam
import lms.kernel
from exam.domain.identity import person_of, screen_code

SIGNS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
WORDS = ("ink", "ink-soft", "accent", "success", "warning", "danger")


def test_in_05_a_screen_code_leads_to_its_person_and_no_misread_sign_to_another() -> None:
    for person in (1, 29, 30, 40_007, 99_999_999):
        code = screen_code(person)
        assert person_of(f" {code.lower().replace('-', ' ')} ") == person
        for at, sign in product(range(len(code)), SIGNS):
            if code[at] not in ("-", sign):
                assert person_of(code[:at] + sign + code[at + 1 :]) is None
    assert len({screen_code(person) for person in range(5_000)}) == 5_000
    for words in ("", "lin", "林晓梅", "2222", "10O1-22"):
        assert person_of(words) is None


def linear(channel: float) -> float:
    """Return the light of an sRGB channel."""
    return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4


def light(colour: list[float]) -> float:
    """Return the relative luminance (WCAG 2)."""
    return sum(share * linear(channel) for share, channel in zip((0.2126, 0.7152, 0.0722), colour, strict=True))


def test_in_05_behind_the_code_all_words_keep_a_contrast_of_four_and_a_half() -> None:
    tokens = (Path(lms.kernel.__path__[0]) / "static/tokens.css").read_text(encoding="utf-8")
    rule = re.search(r"\.screen-code \{.*?opacity: ([\d.]+);", (Path(exam.__path__[0]) / "static/room.css").read_text(encoding="utf-8"), re.DOTALL)
    assert rule
    alpha = float(rule[1])
    assert alpha >= 0.05, "a photo must show it"
    for theme in (tokens, tokens[tokens.index('[data-theme="dark"]') :]):
        found = dict[str, list[float]]()
        for name, value in re.findall(r"--([a-z-]+): #([0-9a-f]{6});", theme):
            found.setdefault(name, [int(value[at : at + 2], 16) / 255 for at in (0, 2, 4)])
        for ground, word in product(("paper", "surface"), WORDS):
            # The sign lies over the ground, but not over the word: the worst a word can meet.
            covered = [alpha * ink + (1 - alpha) * below for ink, below in zip(found["ink"], found[ground], strict=True)]
            dark, bright = sorted((light(covered), light(found[word])))
            assert (bright + 0.05) / (dark + 0.05) >= 4.5, (ground, word)
