"""An exam that the colleagues have sat: short texts wait for an examiner, on one of them two examiners differ, results are not out."""

import html
import json
import re
import secrets
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

import msgspec

from demo import people
from demo.exams import create_exam
from demo.programme import DEMO_CODE
from exam.domain import blueprint as blueprints
from exam.domain.exam import Release
from exam.domain.marking import ScriptState
from exam.services import assembly, attempt, backlog, marking, response, scoring
from exam.services.payload import AttemptOpened, Change, PaperContent, StartExam, SubmitExam
from lms.kernel.db import transaction
from lms.kernel.i18n import ZONE
from lms.store import signing_in

FOLDER = Path(__file__).parent / "items"
CODE = f"{DEMO_CODE}-first"
PAPERS = 40
MINUTES = 45
BLUEPRINT = {
    "code": "first-session",
    "title": "首场测试双向细目表（10道单选、1道简答，100分）",
    "exposure_percent": 100,
    "sections": [
        {
            "title": "单项选择题", "type": "single", "points": "6",
            "cells": [{"topics": ["principles", "positive", "home_school", "group", "crisis"], "count": 2}],
        },
        {"title": "简答题", "type": "short_text", "points": "40", "cells": [{"topics": ["crisis"], "count": 1}]},
    ],
}  # fmt: skip
WRITTEN = (
    "我会请她到安静的地方坐下，先说我看到她最近很难过，愿意听她说，不急着劝。再直接问伤口是怎么来的、多久一次、有没有想过不想活。我会告诉她，这件事我不会到处说，"
    "但关系到她的安全，需要让妈妈和心理老师知道，一起商量怎么说。随后：一、当天报告学校心理老师和年级组长；二、联系妈妈，请她收好危险物品并陪伴；三、转介医院评估，约好下周再谈。",
    "先安慰她，让她别难过，告诉她成绩不重要。答应她不告诉妈妈，取得信任，以后慢慢劝。然后多关心她，安排同学陪她，有空家访。",
    "找她谈话，问清楚原因，是不是家里有矛盾或者同学欺负。告诉她不能伤害自己。保密方面，一般情况保密，有危险不能保密。之后联系家长、报告学校、请心理老师辅导。",
    "单独谈，语气平静：“我注意到你手上的划痕，我很担心你。”问她做过几次、用什么、当时在想什么。说明保密的例外，请她选：由她自己说、我陪她说，还是我来说。随后三件事：报告与联系监护人；"
    "当晚有人陪，收走刀片；转介专业机构，三天后和一周后回访。",
    "马上通知家长把她接回去，请家长好好教育，避免在学校出事。",
    "我会用共情的方式倾听，不打断，不评价。评估风险等级，了解有没有计划。和她解释为什么需要告诉妈妈。之后上报、转介、跟进，并在班里开展生命教育主题班会。",
)
FULL, POOR = (1600, 1200, 1200), (400, 0, 300)  # of 40 points, by the rubric


def sit(bank_code: str, ids: dict[str, int], now: datetime) -> int:
    """Make the exam and let the colleagues sit it yesterday; returns how many short texts there are."""
    closes = datetime.combine(now.astimezone(ZONE).date(), datetime.min.time(), ZONE)
    opens, sat = closes - timedelta(days=2), closes - timedelta(hours=9)
    before = opens - timedelta(days=1)
    create_exam(
        code=CODE, programme_code=DEMO_CODE, title="线上测试·首场（含简答题）", bank_code=bank_code, blueprint=blueprints.from_mapping(BLUEPRINT),
        opens=opens, closes=closes, minutes=MINUTES, now=before, pass_points=6000, release=Release.BY_HAND, actor_id=ids["ning"],
    )  # fmt: skip
    assembly.assemble(CODE, papers=PAPERS, now=before, actor_id=ids["ning"])
    dice, right = Random(11), _right()
    brought = []
    for place, account in enumerate(people.colleagues()):
        began = sat + timedelta(minutes=place)
        opened = attempt.start(ids[account], _login(ids[account], began), StartExam(CODE, f"demo-{account}", honesty=True), began)
        changes = _answers(opened, right, dice, WRITTEN[place % len(WRITTEN)])
        brought.append((SubmitExam(opened.token, f"demo-hand-in-{account}", changes), began + timedelta(minutes=dice.randint(18, 40))))
    response.submit_many(brought)
    scoring.score_outstanding(closes)
    backlog.ask_until(CODE, now.astimezone(ZONE).date() + timedelta(days=3), actor_id=ids["ning"], now=closes)
    _differ(ids["ji"], ids["wen"], now)
    return len(brought)


def _differ(one: int, other: int, now: datetime) -> None:
    """Let one examiner mark until a script wants a second mark, and another mark this one otherwise."""
    state = ScriptState.SETTLED
    while state is ScriptState.SETTLED and (script := marking.take(CODE, one, now)) is not None:
        state = marking.hand_in(script, one, list(FULL), "思路清楚，程序完整。", now)
    again = marking.take(CODE, other, now)
    if again is not None:
        marking.hand_in(again, other, list(POOR), "保密的例外没有说清。", now)


def _login(person_id: int, now: datetime) -> int:
    """Return a sign-in that was over after the exam."""
    with transaction() as session:
        token = secrets.token_bytes(32)
        return signing_in.add(session, token_hash=token, person_id=person_id, device="demo", now=now, ends_at=now + timedelta(hours=2))


def _right() -> dict[str, str]:
    """Return the right option of every single choice by its stem, both as bare text."""
    items = [json.loads(line) for path in sorted(FOLDER.glob("*.jsonl")) for line in path.read_text(encoding="utf-8").splitlines()]
    return {_bare(one["stem"]): _bare(one["options"][one["key"][0]]["text"]) for one in items if one["type"] == "single"}


def _answers(opened: AttemptOpened, right: dict[str, str], dice: Random, written: str) -> list[Change]:
    """Answer a paper as somebody of middling knowledge, most of it rightly."""
    knows = dice.uniform(0.35, 0.95)
    changes = []
    for item in msgspec.json.decode(opened.paper, type=PaperContent).items:
        options = [_bare(option) for option in item.options]
        answer = right.get(_bare(item.stem), "")
        chosen = options.index(answer) if answer in options and dice.random() < knows else dice.randrange(max(len(options), 1))
        given = {"choices": [chosen]} if options else {"texts": [written]}
        changes.append(msgspec.convert({"position": item.position, "seq": opened.seq_from + item.position, "revision": 0, **given}, Change))
    return changes


def _bare(text: str) -> str:
    return html.unescape(re.sub(r"<[^>]+>|\s", "", text))
