"""IN-02 from outside: whatever the keys are, a candidate is answered the same, sign by sign, by every route there is until results are released."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import msgspec
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule

from exam.services import scoring
from lms.kernel.clock import FixedClock
from lms.kernel.settings import Settings
from question_bank.domain.draft import Draft
from question_bank.domain.item import Blank, Criterion
from tests.conftest import NOON
from tests.exam.services.test_item_types import exam_of
from tests.support import database, exams, learning
from tests.support.cast import LIN, enter

ONE = Draft(
    type="single", stem="问一", options=("甲", "乙", "丙", "丁"), topic="t", key=(0,), explanation="因为甲", option_explanations=("对", "错", "错", "错")
)
TWO = Draft(type="multiple", stem="问二", options=("甲", "乙", "丙", "丁"), topic="t", key=(0, 1), explanation="因为甲乙")
TRUE = Draft(type="true_false", stem="问三", options=("正确", "错误"), topic="t", key=(0,), explanation="是这样")
BLANK = Draft(type="fill_in", stem="体温约[[1]]℃", blanks=(Blank(("37",), "0.5"),), topic="t", explanation="三十七")
PAIRS = Draft(type="matching", stem="配对", prompts=("一", "二"), options=("甲", "乙", "丙"), key=(2, 0), topic="t")
STEPS = Draft(type="ordering", stem="排序", options=("先", "再", "后"), key=(0, 1, 2), topic="t")
WORDS = Draft(type="short_text", stem="简述", model="要点是甲", rubric=(Criterion("说到甲", 1000),), topic="t")
ITEMS = (ONE, TWO, TRUE, BLANK, PAIRS, STEPS, WORDS)
OTHERWISE = (
    replace(ONE, key=(2,), explanation="因为丙，且说得更长", option_explanations=("", "", "对", "")),
    replace(TWO, key=(1, 2, 3), explanation=""),
    replace(TRUE, key=(1,), explanation="不是这样"),
    replace(BLANK, blanks=(Blank(("41", "四十一", "四一"), "", case_matters=True),), explanation=""),
    replace(PAIRS, key=(1, 2)),
    replace(STEPS, key=(2, 0, 1)),
    replace(WORDS, model="完全不同的要点，写得很长很长", rubric=(Criterion("说到乙", 400), Criterion("说到丙", 600))),
)
OF_THE_SERVER = {"/metrics", "/static/<path:filename>"}
_CHANCE = re.compile(r"[\w-]{20,}(?:\.[\w-]{6,})*|\b[0-9a-f]{12}\b")  # tokens and the numbers of requests
_PLACES = {"digest": "0" * 64, "name": "x", "path": "x", "token": "x", "kind": "json", "account": "lin"}


def addresses(rule: Rule) -> Iterator[str]:
    """Yield the addresses of a route with what there is in this exam."""
    for code in (exams.EXAM, exams.BANK, learning.CODE) if "code" in rule.arguments else ("",):
        places = {name: code if name == "code" else _PLACES.get(name, 1) for name in rule.arguments}
        built = rule.build(places, append_unknown=False)
        if built is not None:
            yield built[1]


def asked(app: Flask, client: FlaskClient) -> dict[str, str]:
    """Return what every page answers, without what differs from one request to the next."""
    told = {}
    for rule in app.url_map.iter_rules():
        for address in addresses(rule) if "GET" in (rule.methods or ()) and rule.rule not in OF_THE_SERVER else ():
            answer = client.get(address)
            told[address] = f"{answer.status_code} {answer.content_type} {answer.headers.get('Location', '')} {_CHANCE.sub('…', answer.get_data(as_text=True))}"
    return told


def sat_through(app: Flask, clock: FixedClock, items: tuple[Draft, ...]) -> dict[str, str]:
    """Sit an exam of these items and ask for everything: before, in the room, behind the hand-in, and once it is scored."""
    exam_of(list(items))
    exams.enrolled(LIN.account)
    lin = enter(app, LIN)
    told: dict[str, str] = {}

    def post(path: str, body: object) -> dict[str, object]:
        answer = lin.post(path, data=msgspec.json.encode(body), content_type="application/json")
        assert answer.status_code == 200, answer.get_data(as_text=True)
        told[f"{len(told)} {path}"] = _CHANCE.sub("…", answer.get_data(as_text=True))
        return dict(answer.get_json())

    def look() -> None:
        told.update({f"{len(told)} {address}": words for address, words in asked(app, lin).items()})

    look()
    opened = post("/api/exam/start", {"entry": exams.entry(LIN.account, clock.instant), "device": "device-one", "honesty": True})
    post("/api/exam/resume", {"exam": exams.EXAM, "device": "device-one"})
    look()
    first = int(str(opened["seq_from"])) + 1
    said: dict[int, dict[str, object]] = {at: {"choices": choices} for at, choices in ((1, [0]), (2, [0, 1]), (3, [0]), (5, [0, 1]), (6, [0, 1, 2]))}
    said |= {at: {"texts": ["37"]} for at in (4, 7)}
    changes = [{"position": at, "seq": first + at, "revision": 0, **words} for at, words in said.items()]
    clock.advance(minutes=5)
    post("/api/exam/save", {"token": opened["token"], "changes": changes})
    post("/api/exam/remaining", {"token": opened["token"]})
    clock.advance(minutes=5)
    post("/api/exam/submit", {"token": opened["token"], "key": "key-of-the-test", "changes": []})
    look()
    assert scoring.score_outstanding(clock.instant + timedelta(minutes=1)) == 1
    look()
    return told


def test_in_02_no_answer_to_a_candidate_depends_on_a_key(app: Flask, clock: FixedClock, settings: Settings) -> None:
    first = sat_through(app, clock, ITEMS)
    clock.instant = NOON
    database.empty(settings.database_url)
    second = sat_through(app, clock, OTHERWISE)
    assert first.keys() == second.keys()
    assert [address for address, words in first.items() if words != second[address]] == []
    shown = [address for address, words in first.items() if words.startswith("200 ")]
    assert any(address.endswith(f"/exams/{exams.EXAM}") for address in shown)
    assert len(shown) > 40
