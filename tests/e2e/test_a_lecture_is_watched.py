"""A teacher watches in a real browser: seconds count, the strip shows them, the line drops, another device takes over (WT-05, WT-08, WT-12)."""

import itertools
import json
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
import pytest
from playwright.sync_api import BrowserContext, Page, expect

from exam.domain.quiz import ref_of
from lms.kernel.db import transaction
from lms.store.activity import ActivityRow
from media.services.asset import attach_video
from question_bank.services import bank, exchange, review
from tests.support import learning, rows
from tests.support.product import Product, give_password, shots_folder, sign_in

pytestmark = pytest.mark.browser
_numbers = itertools.count(1)
SECONDS = 24
QUESTION = {
    "id": "presence-1", "type": "single", "topic": "principles", "level": "remember", "difficulty": 0.8, "pool": "practice",
    "stem": "学校心理健康教育面向谁？", "key": [1], "explanation": "它面向全体学生。",
    "options": [{"text": "个别学生", "explanation": "不止个别学生。"}, {"text": "全体学生", "explanation": "对。"}],
}  # fmt: skip


def film(path: Path) -> None:
    """Write a small film: a bar that moves, and silence."""
    with av.open(str(path), "w") as made:
        pictures = made.add_stream("libx264", rate=10)
        pictures.width, pictures.height, pictures.pix_fmt = 320, 180, "yuv420p"
        sound = made.add_stream("aac", rate=44_100)
        for number in range(SECONDS * 10):
            picture = np.zeros((180, 320, 3), dtype=np.uint8)
            picture[:, number * 320 // (SECONDS * 10) :] = 200
            for packet in pictures.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")):
                made.mux(packet)
        silence = av.AudioFrame.from_ndarray(np.zeros((1, 44_100), dtype=np.float32), format="fltp", layout="mono")
        silence.sample_rate = 44_100
        for second in range(SECONDS):
            silence.pts = second * 44_100
            for packet in sound.encode(silence):
                made.mux(packet)
        for stream in (pictures, sound):
            for packet in stream.encode():
                made.mux(packet)


@dataclass
class Lecture:
    """One lesson with a film, and a teacher of its own."""

    product: Product
    lesson_id: int
    account: str
    person_id: int

    def open(self, context: BrowserContext, *, entered: bool = False) -> Page:
        """Go to the lesson page."""
        if not entered:
            sign_in(context, self.account)
        page = context.new_page()
        page.goto(f"/lessons/{self.lesson_id}")
        page.wait_for_selector("[data-player] .plyr__controls")
        return page

    def counted(self) -> float:
        """Return the accepted seconds as the database holds them."""
        found = self.product.run("SELECT coalesce(sum(upper(s) - lower(s)), 0) FROM watched w, unnest(w.accepted) AS s WHERE w.person_id = %s", self.person_id)
        return float(str(found[0][0])) / 1000

    def counts(self, least: float, most: float) -> None:
        """Wait until the accepted seconds lie in these bounds: what was delivered is written down a moment after it went out."""
        for _ in range(900):
            if least <= (counted := self.counted()) <= most:
                return
            time.sleep(0.1)
        pytest.fail(f"{counted} s count, and not {least} to {most}")


@pytest.fixture(scope="module")
def lesson_id(product: Product, tmp_path_factory: pytest.TempPathFactory) -> int:
    """Make the lesson once, with the film transcoded by the worker."""
    path = tmp_path_factory.mktemp("film") / "film.mp4"
    film(path)
    with product.seeding():
        learning.load()
        with transaction() as session:
            (taught,) = learning.taught(session, "如何倾听", seconds=SECONDS)
            session.delete(session.get_one(ActivityRow, taught.video_id))
    root = Path(__file__).parents[2]
    command = [sys.executable, "-m", "flask", "media", "import", str(path), "--title", "如何倾听", "--lesson", str(taught.lesson_id)]
    done = subprocess.run(command, cwd=root, env=product.stack.environment, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    product.comes([("ready",)], "SELECT state FROM asset WHERE title = '如何倾听'")
    return taught.lesson_id


@pytest.fixture
def lecture(product: Product, lesson_id: int) -> Lecture:
    """A teacher who has seen nothing yet."""
    account = f"watcher{next(_numbers)}"
    with product.seeding(), transaction() as session:
        person_id = rows.person(session, account=account, name="林晓梅")
        learning.enrol(session, person_id)
        give_password(session, person_id, product.now())
    return Lecture(product, lesson_id, account, person_id)


def reach(page: Page, place: float, *, moving: bool = False) -> None:
    """Wait until the video has played past a place (the strict policy forbids Playwright's own way of waiting)."""
    for _ in range(600):
        at, paused = page.evaluate("[document.querySelector('video').currentTime, document.querySelector('video').paused]")
        if at > place and not (moving and paused):
            return
        page.wait_for_timeout(100)
    pytest.fail(f"the video did not reach {place} s; it says: {page.inner_text('[data-message]')}")


def load(page: Page, place: float) -> None:
    """Wait until the film has come in up to a place."""
    for _ in range(600):
        if page.evaluate("(({buffered}) => buffered.length ? buffered.end(buffered.length - 1) : 0)(document.querySelector('video'))") > place:
            return
        page.wait_for_timeout(100)
    pytest.fail(f"the video did not come in up to {place} s")


def play(page: Page) -> None:
    """Press the big button."""
    page.locator(".plyr__control--overlaid").click()
    reach(page, 0.3)


def pause(page: Page) -> None:
    """Press pause and wait until the report is acknowledged."""
    page.evaluate("document.querySelector('video').pause()")
    expect(page.locator("[data-saved]")).to_have_text("播放记录已保存")


def shot(page: Page, name: str) -> None:
    """Keep a picture where pictures are wanted."""
    if shots_folder():
        page.screenshot(path=f"{shots_folder()}/{name}.png", full_page=True)


def test_no_byte_of_video_before_play_and_nothing_from_elsewhere(lecture: Lecture, desk: BrowserContext) -> None:
    asked: list[str] = []
    faults: list[str] = []
    desk.on("request", lambda request: asked.append(request.url))
    page = lecture.open(desk)
    page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
    page.reload()
    page.wait_for_load_state("networkidle")
    assert not [url for url in asked if url.endswith((".m4s", ".mp4", ".m3u8"))]
    play(page)
    assert [url for url in asked if url.endswith(".m4s")]
    assert {url.split("/")[2] for url in asked if url.startswith("http")} == {lecture.product.url.split("/")[2]}
    assert faults == []


def test_what_plays_counts_and_the_strip_shows_it(lecture: Lecture, phone: BrowserContext) -> None:
    page = lecture.open(phone)
    shot(page, "player-before")
    play(page)
    reach(page, 4)
    pause(page)
    place = float(page.evaluate("document.querySelector('video').currentTime"))
    lecture.counts(place - 0.6, place + 0.6)
    expect(page.locator('[data-seconds="counted"]')).to_contain_text(f"{int(lecture.counted()):02d} 秒")
    assert page.locator(".strip-spans .strip-counted").count() == 1
    shot(page, "player-paused")
    page.reload()
    play(page)
    assert float(page.evaluate("document.querySelector('video').currentTime")) > place - 1  # it goes on where she stopped


def test_a_seek_earns_nothing(lecture: Lecture, desk: BrowserContext) -> None:
    page = lecture.open(desk)
    play(page)
    before = page.evaluate("(video => { const before = video.currentTime; video.currentTime = 16; return before; })(document.querySelector('video'))")
    reach(page, 18)
    pause(page)
    after = page.evaluate("document.querySelector('video').currentTime") - 16
    lecture.counts(after - 0.6, before + after + 0.6)


def test_a_dropped_line_and_a_closed_page_lose_nothing(lecture: Lecture, desk: BrowserContext) -> None:
    page = lecture.open(desk)
    play(page)
    load(page, 12)
    desk.set_offline(True)
    reach(page, 7)
    page.evaluate("document.querySelector('video').pause()")
    expect(page.locator("[data-saved]")).to_contain_text("等待上报")
    played = float(page.evaluate("document.querySelector('video').currentTime"))
    page.close()
    assert lecture.counted() < played - 2
    desk.set_offline(False)
    page = lecture.open(desk, entered=True)
    expect(page.locator("[data-saved]")).to_have_text("播放记录已保存")
    lecture.counts(played - 0.6, played + 0.6)


def test_the_newest_device_plays_and_the_other_says_so(lecture: Lecture, desk: BrowserContext, phone: BrowserContext) -> None:
    page = lecture.open(desk)
    play(page)
    reach(page, 2)
    page.evaluate("document.querySelector('video').playbackRate = 0.25")  # it is still playing then, however long the other takes
    other = lecture.open(phone)
    play(other)
    expect(page.locator("[data-message]")).to_contain_text("您在另一处开始了播放")
    assert page.evaluate("document.querySelector('video').paused")
    reach(other, 4)
    pause(other)
    lecture.counts(3, SECONDS)
    page.locator("[data-resume]").click()
    reach(page, 0, moving=True)


def test_after_a_night_asleep_it_plays_under_a_fresh_lease(lecture: Lecture, desk: BrowserContext) -> None:
    page = lecture.open(desk)
    play(page)
    pause(page)
    # The clock that counts a page's life stands still in sleep; the time of day does not.
    page.evaluate("() => { const now = Date.now; Date.now = () => now() + 13 * 3600 * 1000; }")
    with page.expect_response("**/api/media/lease") as leased:
        page.evaluate("document.querySelector('video').play()")
    assert leased.value.ok
    reach(page, float(page.evaluate("document.querySelector('video').currentTime")) + 0.5, moving=True)  # so that there is something to report
    # Or it was left playing: the first answer afterwards brings the fresh lease.
    page.evaluate("() => { const now = Date.now; Date.now = () => now() + 13 * 3600 * 1000; }")
    with page.expect_response("**/api/media/lease"):
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
        page.evaluate("document.querySelector('video').dispatchEvent(new Event('ended'))")


def test_a_presence_question_is_answered_by_keyboard(product: Product, lesson_id: int, desk: BrowserContext) -> None:
    text = learning.programme_text("presence-demo").replace("[quiz]", "[hours.presence]\nfrom_minutes = 1\nto_minutes = 1\n\n[quiz]", 1)
    with product.seeding():
        learning.load(text)
        code = str(product.run("SELECT code FROM asset WHERE title = '如何倾听'")[0][0])
        with transaction() as session:
            (taught,) = learning.taught(session, "如何倾听", seconds=SECONDS, code="presence-demo")
            attach_video(session, lesson_id=taught.lesson_id, programme_code="presence-demo", asset_code=code, title="如何倾听")
            person_id = rows.person(session, account="present", name="林晓梅")
            learning.enrol(session, person_id, code="presence-demo")
            give_password(session, person_id, product.now())
            author, reviewer = (rows.person(session, account=f"present-{name}", name="题库老师") for name in ("author", "reviewer"))
        bank.create("presence-bank", "在场题库", product.now(), {"principles": "基本原理"})
        exchange.import_file("presence-bank", json.dumps(QUESTION).encode(), author_id=author, now=product.now())
        review.submit_all("presence-bank", person_id=author, now=product.now())
        review.approve_all("presence-bank", reviewer_id=reviewer, now=product.now())
    product.run("UPDATE activity SET ref = %s WHERE id = %s", ref_of("presence-bank", "principles"), taught.quiz_id)
    page = Lecture(product, taught.lesson_id, "present", person_id).open(desk)
    play(page)
    reach(page, 2)
    product.run("UPDATE playback_account SET presence_left_ms = 1 WHERE person_id = %s", person_id)
    page.evaluate("document.querySelector('video').pause()")
    dialog = page.locator("dialog[data-presence]")
    expect(dialog).to_be_visible()
    expect(dialog.locator("[data-left]")).to_contain_text("秒内确认")
    shot(page, "player-presence")
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    expect(dialog).to_be_visible()  # it is not waved away by mistake
    dialog.get_by_label("个别学生").focus()
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    # A wrong answer costs nothing and brings the explanation and the offer of a replay.
    expect(dialog.locator("[data-left]")).to_contain_text("不影响学时")
    expect(dialog.locator(".dialog-text")).to_have_text(str(QUESTION["explanation"]))
    shot(page, "player-presence-explained")
    page.evaluate("document.querySelector('video').playbackRate = 0.25")  # it is still at its beginning then
    dialog.locator("[data-replay]").click()
    expect(dialog).to_be_hidden()
    assert page.evaluate("document.querySelector('video').currentTime") < 2
    reach(page, 0, moving=True)
    asked = product.run("SELECT presence_number, presence_asked_at FROM playback_account WHERE person_id = %s", person_id)
    assert asked == [(1, None)]
