"""Lesson quizzes: fresh draws, explanations only after the hand-in, credit through the platform (rules of lesson quizzes, IN-02)."""

import json
import re
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from exam.services import presence, quiz_evidence
from exam.services import quiz as service
from lms.kernel.clock import FixedClock
from lms.kernel.db import Session, transaction
from lms.services import lesson as lessons
from media.api import Prompt
from question_bank.domain.draft import Draft
from question_bank.domain.review import Decision, Status
from question_bank.services.bank import made
from question_bank.services.item import Named, write
from question_bank.store import review as reviews
from question_bank.store import version as versions
from tests.conftest import NOON
from tests.support import learning, rows
from tests.support.cast import CHEN, LIN, SAM, WEI, enter, id_of


@dataclass
class Lesson:
    """A lesson with a video and a quiz from the practice pool, and its learner."""

    lesson_id: int
    video_id: int
    quiz_id: int
    lin: FlaskClient

    def begin(self) -> str:
        """Begin the quiz and return the address of the try."""
        answer = self.lin.post(f"/quizzes/{self.quiz_id}/attempts")
        assert answer.status_code == 302
        return answer.headers["Location"]

    def sit(self, *, right: bool) -> str:
        """Do a whole quiz and return the review."""
        address = self.begin()
        form = {f"response-{n}": values for n, values in responses(self.lin.get(address).get_data(as_text=True), right=right).items()}
        assert self.lin.post(address, data=form).status_code == 302
        return self.lin.get(address).get_data(as_text=True)


def practice(session: Session) -> None:
    """Save approved practice items; the option whose text ends in "right" is the key."""
    drafts = []
    for number in range(1, 15):
        multiple = number % 3 == 0
        options = ("a right", "b right" if multiple else "b wrong", "c wrong", "d wrong")
        drafts.append(drafted(number, options, key=(0, 1) if multiple else (0,), topic="crisis" if number < 13 else "group"))
    approved(session, drafts)


def drafted(number: int, options: tuple[str, ...], *, key: tuple[int, ...] = (0,), topic: str = "crisis") -> Draft:
    """Return an item of the author's."""
    return Draft(
        external_id=f"p-{number}", type="multiple" if len(key) > 1 else "single", stem=f"练习题 {number}", options=options, key=key,
        explanation=f"secret reason {number}", topic=topic, level="apply", difficulty=0.7,
        option_explanations=tuple(f"secret note {letter}" for letter in "abcd"),
    )  # fmt: skip


def approved(session: Session, drafts: list[Draft]) -> None:
    """Save items into the practice pool."""
    reviewer = rows.person(session, account=f"rui-{drafts[0].external_id}", name="芮思敏")
    bank_id = made(session, "practice-bank", "测试题库", NOON, {})
    for draft in drafts:
        (item,) = write(session, bank_id, [Named(draft, draft.external_id, None)], author_id=None, now=NOON)
        versions.place(session, bank_id, item, "practice", NOON)
    newest = versions.latest_of_bank(session, bank_id, item_ids=None, status=Status.DRAFT)
    reviews.add_reviews(session, newest, reviewer_id=reviewer, decision=Decision.APPROVE, comment="", now=NOON)


def responses(form: str, *, right: bool) -> dict[str, list[str]]:
    """Read a form as a person would: choose what ends in "right", or one that does not."""
    found: dict[str, list[str]] = {}
    for name, value, words in re.findall(r'name="response-(\d+)" value="(\d+)".*?class="option-text">(.*?)</span>', form, re.S):
        if ("right" in words) == right and (right or name not in found):
            found.setdefault(name, []).append(value)
    return found


@pytest.fixture
def lesson(app: Flask) -> Lesson:
    """Lin before a lesson with a quiz."""
    learning.load()
    return arranged(app)


def arranged(app: Flask) -> Lesson:
    """Make the lesson and its quiz in the programme that was loaded."""
    lin_id = id_of(LIN)
    with transaction() as session:
        practice(session)
        learning.enrol(session, lin_id)
        (taught,) = learning.taught(session)
        session.execute(text("DELETE FROM activity WHERE id = :quiz"), {"quiz": taught.quiz_id})
        quiz_id = service.attach_quiz(
            session, lesson_id=taught.lesson_id, programme_code=learning.CODE, bank_code="practice-bank", topic="crisis", title="第一讲 小测"
        )
    return Lesson(taught.lesson_id, taught.video_id, quiz_id, enter(app, LIN))


def test_the_lesson_page_offers_the_quiz(lesson: Lesson) -> None:
    page = lesson.lin.get(f"/lessons/{lesson.lesson_id}").get_data(as_text=True)
    assert "课后小测" in page
    assert "开始小测" in page


def test_nothing_is_explained_before_the_hand_in(lesson: Lesson) -> None:
    address = lesson.begin()
    form = lesson.lin.get(address).get_data(as_text=True)
    assert "练习题" in form
    lacking = lesson.lin.post(address, data={"response-1": "0"})
    assert lacking.status_code == 422
    for page in (form, lacking.get_data(as_text=True), lesson.lin.get(f"/lessons/{lesson.lesson_id}").get_data(as_text=True)):
        assert "secret" not in page
        assert "正确答案" not in page
        assert "is-key" not in page


def test_an_unanswered_item_is_named_and_nothing_chosen_is_lost(lesson: Lesson) -> None:
    address = lesson.begin()
    page = lesson.lin.post(address, data={"response-1": "2"}).get_data(as_text=True)
    assert "第 2 题" in page
    assert re.search(r'name="response-1" value="2" checked', page)


def test_after_the_hand_in_every_option_is_explained(lesson: Lesson) -> None:
    review = lesson.sit(right=False)
    assert "这次没有通过" in review
    assert review.count("secret reason") >= 1
    assert all(f"secret note {letter}" in review for letter in "abcd")
    assert "正确答案" in review


def test_a_pass_that_its_try_does_not_bear_is_found_by_the_verifier(lesson: Lesson) -> None:
    def verified() -> list[str]:
        with transaction() as session:
            return list(quiz_evidence.verify(session, NOON))

    lesson.sit(right=True)
    assert verified() == []
    nothing = json.dumps([[]] * 5)
    for right, responses in ((5, nothing), (0, nothing), (5, "[[9], [9]]")):
        with transaction() as session:
            change = text("UPDATE quiz_attempt SET right_items = :right, responses = CAST(:responses AS jsonb) RETURNING id")
            (attempt,) = session.execute(change, {"right": right, "responses": responses}).scalars()
        assert verified() == [f"quiz attempt {attempt}: it stands as passed with {right} right answers, and 0 of 5 are right"]
    with transaction() as session:
        session.execute(text("UPDATE quiz_attempt SET passed = false"))
    assert verified() == [f"person {id_of(LIN)}: quiz {lesson.quiz_id} counts as passed, and no try of hers passed it"]


def test_passing_credits_a_watched_lesson_once(lesson: Lesson) -> None:
    with transaction() as session:
        lessons.activity_done(session, person_id=id_of(LIN), activity_id=lesson.video_id, seconds=2700, evidence="watched", now=NOON)
    assert "小测通过" in lesson.sit(right=True)
    with transaction() as session:
        entries = session.execute(text("SELECT count(*) FROM hours_entry")).scalar_one()
    assert entries == 1
    page = lesson.lin.get(f"/lessons/{lesson.lesson_id}").get_data(as_text=True)
    assert "开始小测" not in page


def test_a_quiz_passed_before_the_video_counts_when_the_video_is_watched(lesson: Lesson) -> None:
    lesson.sit(right=True)
    with transaction() as session:
        assert session.execute(text("SELECT count(*) FROM hours_entry")).scalar_one() == 0
        lessons.activity_done(session, person_id=id_of(LIN), activity_id=lesson.video_id, seconds=2700, evidence="watched", now=NOON)
        assert session.execute(text("SELECT count(*) FROM hours_entry")).scalar_one() == 1


def test_the_panel_says_that_the_order_is_free(lesson: Lesson) -> None:
    assert "不分先后" in lesson.lin.get(f"/lessons/{lesson.lesson_id}").get_data(as_text=True)


def test_a_quiz_for_after_the_lesson_opens_when_the_lesson_is_watched(app: Flask) -> None:
    learning.load(re.sub(r"(?m)^(tries = \d+)$", r"\1\nafter_watching = true", learning.programme_text(), count=1))
    lesson = arranged(app)
    page = lesson.lin.get(f"/lessons/{lesson.lesson_id}").get_data(as_text=True)
    assert "先看完本节视频（达到 95%）" in page
    assert "开始小测" not in page
    refused = lesson.lin.post(f"/quizzes/{lesson.quiz_id}/attempts")
    assert (refused.status_code, "看完本节视频后才能做小测" in refused.get_data(as_text=True)) == (409, True)
    with transaction() as session:
        lessons.activity_done(session, person_id=id_of(LIN), activity_id=lesson.video_id, seconds=2700, evidence="watched", now=NOON)
    assert "开始小测" in lesson.lin.get(f"/lessons/{lesson.lesson_id}").get_data(as_text=True)
    assert "小测通过" in lesson.sit(right=True)


def test_each_try_is_a_fresh_draw(lesson: Lesson) -> None:
    first = set(re.findall("练习题 \\d+", lesson.sit(right=False)))
    second = set(re.findall("练习题 \\d+", lesson.lin.get(lesson.begin()).get_data(as_text=True)))
    assert first
    assert not first & second, "the pool holds enough for two tries without repetition"


def test_beginning_twice_gives_the_same_try(lesson: Lesson) -> None:
    assert lesson.begin() == lesson.begin()


def test_a_second_hand_in_changes_nothing(lesson: Lesson) -> None:
    address = lesson.begin()
    form = lesson.lin.get(address).get_data(as_text=True)
    wrong = {f"response-{n}": values for n, values in responses(form, right=False).items()}
    lesson.lin.post(address, data=wrong)
    right = {f"response-{n}": values for n, values in responses(form, right=True).items()}
    assert lesson.lin.post(address, data=right).status_code == 302
    assert "这次没有通过" in lesson.lin.get(address).get_data(as_text=True)


@pytest.mark.parametrize("value", ["9", "-1", "x", "99999999999", "0x1"])
def test_a_choice_that_is_not_offered_is_refused(lesson: Lesson, value: str) -> None:
    address = lesson.begin()
    form = {f"response-{n}": values for n, values in responses(lesson.lin.get(address).get_data(as_text=True), right=True).items()}
    assert lesson.lin.post(address, data={**form, "response-1": value}).status_code == 422


def test_outside_the_window_no_quiz_is_done(lesson: Lesson, clock: FixedClock) -> None:
    address = lesson.begin()
    form = {f"response-{n}": values for n, values in responses(lesson.lin.get(address).get_data(as_text=True), right=True).items()}
    clock.instant = NOON + timedelta(days=200)
    assert lesson.lin.post(address, data=form).status_code == 409
    with transaction() as session:
        assert session.execute(text("SELECT count(*) FROM activity_done")).scalar_one() == 0


def test_another_learner_and_other_roles_do_not_reach_a_try(app: Flask, lesson: Lesson) -> None:
    address = lesson.begin()
    sam = enter(app, SAM)
    assert sam.get(address).status_code == 404
    assert sam.post(address, data={"response-1": "0"}).status_code == 404
    assert sam.post(f"/quizzes/{lesson.quiz_id}/attempts").status_code == 404
    assert enter(app, WEI).get(address).status_code == 403
    assert app.test_client().get(address).status_code == 302


def test_what_is_no_quiz_cannot_be_begun(lesson: Lesson) -> None:
    assert lesson.lin.post(f"/quizzes/{lesson.video_id}/attempts").status_code == 404
    assert lesson.lin.post("/quizzes/999999/attempts").status_code == 404


def test_tries_are_counted(app: Flask) -> None:
    limited = re.sub(r"(?m)^tries = \d+", "tries = 1", learning.programme_text())
    if limited == learning.programme_text():
        limited = learning.programme_text().replace("[quiz]", "[quiz]\ntries = 1", 1)
    learning.load(limited)
    lesson = arranged(app)
    lesson.sit(right=False)
    assert "次数已经用完" in lesson.lin.get(f"/lessons/{lesson.lesson_id}").get_data(as_text=True)
    assert lesson.lin.post(f"/quizzes/{lesson.quiz_id}/attempts").status_code == 409


def asked(lesson: Lesson, number: int, at: datetime = NOON) -> Prompt | None:
    """Return what Lin is asked."""
    with transaction() as session:
        return presence.prompt(session, id_of(LIN), lesson.video_id, number, at)


def test_a_presence_question_comes_from_the_practice_pool_and_stays_the_same(lesson: Lesson) -> None:
    first, again, other = (asked(lesson, number) for number in (1, 1, 2))
    assert first
    assert first == again != other
    assert first.key is not None
    assert first.options[first.key].endswith("right")
    assert first.explanation.startswith("secret reason")
    assert len({found.key for number in range(30) if (found := asked(lesson, number))}) == 4, "the right one is not always in the author's place"


def test_a_presence_question_asks_in_words_alone(lesson: Lesson) -> None:
    with transaction() as session:
        approved(session, [drafted(number, ("\\(x^2\\)", "\\(x^3\\)", "\\(x^4\\)", "\\(x^5\\)")) for number in range(20, 40)])
    assert {one.text for number in range(60) if (one := asked(lesson, number))} == {f"练习题 {n}" for n in range(1, 13) if n % 3}


def test_a_presence_question_tells_no_key_of_a_try_that_is_open(lesson: Lesson, clock: FixedClock) -> None:
    before = {found.text for number in range(60) if (found := asked(lesson, number))}
    address = lesson.begin()
    drawn = {words for words in before if f">{words}<" in lesson.lin.get(address).get_data(as_text=True)}
    assert drawn
    clock.advance(minutes=5)
    meanwhile = [asked(lesson, number, clock.now()) for number in range(60)]
    assert {found.text for found in meanwhile if found} == before - drawn
    # Asked first, drawn afterwards, not answered yet: the question stays, and being there is the answer.
    earlier = [asked(lesson, number, NOON - timedelta(minutes=1)) for number in range(60)]
    assert {found.text for found in earlier if found and found.key is None} == drawn
    assert not [found for found in earlier if found and found.key is None and found.explanation]


def test_a_course_editor_gives_a_lesson_its_quiz_and_another_one_later(lesson: Lesson, app: Flask) -> None:
    chen, page = enter(app, CHEN), f"/manage/courses/lessons/{lesson.lesson_id}"
    with transaction() as session:
        session.execute(text("DELETE FROM activity WHERE id = :quiz"), {"quiz": lesson.quiz_id})
    shown = chen.get(page).get_data(as_text=True)
    assert "学员会拿不到学时" in shown
    assert 'value="practice-bank/crisis"' in shown
    for wrong in ("practice-bank/nothing", "nothing/crisis", ""):
        assert "不能用作小测" in chen.post(f"{page}/quiz", data={"source": wrong}, follow_redirects=True).get_data(as_text=True)
    assert "小测已配好" in chen.post(f"{page}/quiz", data={"source": "practice-bank/crisis"}, follow_redirects=True).get_data(as_text=True)
    with transaction() as session:
        lesson.quiz_id = session.execute(text("SELECT id FROM activity WHERE kind = 'quiz'")).scalar_one()
    assert "小测通过" in lesson.sit(right=True)
    runner = app.test_cli_runner()
    refused = runner.invoke(args=["quiz", "attach", str(lesson.lesson_id), "--bank", "practice-bank", "--topic", "nothing"])
    assert refused.exit_code == 1, "nobody has written items on it"
    assert runner.invoke(args=["quiz", "attach", str(lesson.lesson_id), "--bank", "practice-bank", "--topic", "group"]).exit_code == 0
    with transaction() as session:
        session.execute(text("UPDATE item SET status = 'retired' WHERE external_id IN ('p-13', 'p-14')"))
    assert "已没有可用的练习题" in chen.get(page).get_data(as_text=True)
    with transaction() as session:
        kept = session.execute(
            text("SELECT ref, (SELECT count(*) FROM activity_done d WHERE d.activity_id = a.id) AS done FROM activity a WHERE kind = 'quiz'")
        )
        assert kept.one() == ("practice-bank/group", 1), "one quiz, and who passed has passed"
        assert session.scalar(text("SELECT count(*) FROM audit_entry WHERE action = 'quiz.attach'")) == 2
        far = rows.unit_tree(session).far_school.id
        share = "INSERT INTO bank_share (bank_id, unit_id, \"right\", granted_by, granted_at) SELECT id, :unit, 'own', :by, :at FROM bank"
        session.execute(text(share), {"unit": far, "by": id_of(WEI), "at": NOON})
    lost = chen.get(page).get_data(as_text=True)
    assert "已不再向您开放的题库" in lost
    assert "practice-bank" not in lost, "neither its name nor its topics"
    assert enter(app, LIN).post(f"{page}/quiz", data={"source": "practice-bank/group"}).status_code == 403
