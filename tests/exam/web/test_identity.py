"""Identity before an exam: a photo with consent, compared by an invigilator in scope, gone with the decision (DP-04, DP-05)."""

import io
from datetime import timedelta

import pytest
from flask import Flask
from PIL import Image
from sqlalchemy import text
from werkzeug.test import TestResponse

from exam.domain import identity as rules
from exam.domain.identity import CONSENT, State
from exam.formats import photo as photo_format
from exam.services import attempt, identity
from exam.services import token as tokens
from exam.services.payload import EnterExam
from lms.kernel.clock import FixedClock
from lms.kernel.db import transaction
from lms.kernel.permissions import Role
from tests.conftest import NOON
from tests.exam.web.test_room import start
from tests.support import exams
from tests.support.cast import IVY, LIN, PENG, SAM, YUAN, Member, enter, id_of
from tests.support.exam_form import settings_form

OWN = f"/exams/{exams.EXAM}/identity"
FACES = f"/invigilation/{exams.EXAM}/identity"
PLACE = b"GPS was here"
FAR = Member("far", "艾远", (Role.INVIGILATOR,), home="far_school", scope="far_city")


def photo(size: tuple[int, int] = (3000, 2000)) -> bytes:
    """Return a photo as a phone takes it, telling where it was taken."""
    out = io.BytesIO()
    exif = Image.Exif()
    exif[0x010E] = PLACE.decode()
    Image.new("RGB", size, (200, 150, 120)).save(out, "JPEG", exif=exif)
    return out.getvalue()


def sent(client: object, content: bytes, **fields: str) -> TestResponse:
    """Send a photo as the page does."""
    answer: TestResponse = client.post(OWN, data={"photo": (io.BytesIO(content), "me.jpg"), **fields}, follow_redirects=True)  # type: ignore[attr-defined]
    return answer


def test_who_must_be_known_starts_only_after_an_invigilator_has_confirmed_her(app: Flask, clock: FixedClock) -> None:
    exams.prepared(opens=NOON + timedelta(hours=1))
    lin_id = id_of(LIN)
    exams.enrolled("lin")
    lin, ivy, peng = enter(app, LIN), enter(app, IVY), enter(app, PENG)
    assert lin.get(OWN).status_code == 404, "this exam asks for nothing"
    form = settings_form(peng, exams.EXAM)
    assert peng.post(f"/admin/exams/{exams.EXAM}/settings", data=form | {"asks_identity": "y"}).status_code == 302
    clock.advance(hours=1)
    assert peng.post(f"/admin/exams/{exams.EXAM}/settings", data=form).status_code == 409, "nothing changes any more"
    assert "核对身份" in lin.get(f"/exams/{exams.EXAM}").get_data(as_text=True)
    assert 'id="start"' not in lin.get(f"/exams/{exams.EXAM}").get_data(as_text=True)
    asking = tokens.entry(lin_id, login_of(lin_id), exams.EXAM, asks_learning=False, now=clock.now(), asks_identity=True)
    assert start(lin, entry=asking)["code"] == "identity_missing"

    assert sent(lin, photo()).status_code == 422, "no photo without consent"
    assert sent(lin, b"no photo", consent=CONSENT).status_code == 400
    assert "请等待监考人员核对" in sent(lin, photo(), consent=CONSENT).get_data(as_text=True)
    shown = ivy.get(f"{FACES}/{lin_id}.jpg")
    with Image.open(io.BytesIO(shown.data)) as kept:
        assert (max(kept.size), kept.getexif().get(0x010E)) == (800, None)
    with transaction() as session:
        assert shown.data[:400] not in bytes(session.execute(text("SELECT sealed FROM exam_photo")).scalar_one())
    assert "林晓梅" in ivy.get(FACES).get_data(as_text=True)
    far, yuan = enter(app, FAR), enter(app, YUAN)
    assert "林晓梅" not in far.get(f"{FACES}?words=林").get_data(as_text=True)
    assert [far.get(f"{FACES}/{lin_id}.jpg").status_code, yuan.get(f"{FACES}/{lin_id}.jpg").status_code] == [404, 403], "out of scope; another role"
    assert [far.post(f"{FACES}/{lin_id}/{act}").status_code for act in ("confirm", "refuse")] == [302, 302]
    assert photos() == 1, "who may not see a photo decides nothing"
    assert yuan.get(FACES).status_code == 403
    assert enter(app, SAM).get(OWN).status_code == 404

    assert "请写明原因" in ivy.post(f"{FACES}/{lin_id}/refuse", data={"reason": ""}, follow_redirects=True).get_data(as_text=True)
    ivy.post(f"{FACES}/{lin_id}/refuse", data={"reason": "看不清面部"})
    assert "看不清面部" in lin.get(OWN).get_data(as_text=True)
    assert ivy.get(f"{FACES}/{lin_id}.jpg").status_code == 404, "a photo goes with the decision"
    sent(lin, photo(), consent=CONSENT)
    lin.post(f"{OWN}/withdraw")
    assert photos() == 0
    sent(lin, photo(), consent=CONSENT)
    assert start(lin, entry=asking)["code"] == "identity_missing"
    assert lin_id in {one.person_id for one in identity.faces(id_of(IVY), exams.EXAM, "林").found}
    ivy.post(f"{FACES}/{lin_id}/confirm")
    assert photos() == 0
    assert 'id="start"' in lin.get(f"/exams/{exams.EXAM}").get_data(as_text=True)
    assert start(lin, entry=asking)["resumed"] is False
    with transaction() as session:
        acts = session.scalars(text("SELECT action FROM audit_entry WHERE action LIKE 'identity.%' ORDER BY id")).all()
    assert [act.removeprefix("identity.") for act in acts] == ["send", "view", "refuse", "send", "withdraw", "send", "confirm"]


@pytest.mark.soak
def test_in_01_of_twenty_who_sit_for_another_none_gets_in_and_no_honest_one_is_stopped(app: Flask) -> None:
    """The comparing itself is a person's: here she knows faces as colours from the roster on site. Every tenth shows no photo and is met there."""
    exams.prepared(papers=120, opens=NOON - timedelta(minutes=5))
    with transaction() as session:
        session.execute(text('UPDATE exam SET settings = settings || \'{"asks_identity": true, "starts_per_second": 0}\''))
    ivy, roster, swapped = id_of(IVY), {}, set()
    for number in range(120):
        person, _login = exams.enrolled(f"seat-{number}")
        roster[person] = (number, 255 - number, 90)
        if number % 6 == 5:
            swapped.add(person)
    for person, face in roster.items():
        comes = (face[0] + 120, face[1] - 100, 200) if person in swapped else face
        by_photo = face[0] % 10 != 0
        if by_photo:
            out = io.BytesIO()
            Image.new("RGB", (64, 64), comes).save(out, "PNG")
            identity.send(person, exams.EXAM, out.getvalue(), consent=CONSENT, now=NOON)
            with Image.open(io.BytesIO(identity.photo(ivy, exams.EXAM, person, NOON))) as seen:
                pixel = seen.convert("RGB").getpixel((32, 32))
                assert isinstance(pixel, tuple)
                comes = pixel  # type: ignore[assignment]
        same = max(abs(one - other) for one, other in zip(comes, face, strict=True)) < 12
        if same or by_photo:  # who is not herself and shows no photo is sent away: nobody has confirmed her
            identity.decide(ivy, exams.EXAM, person, passed=same, reason="" if same else "与名册照片不符", now=NOON)
    inside = set()
    for person in roster:
        entry = tokens.entry(person, login_of(person), exams.EXAM, asks_learning=False, now=NOON, asks_identity=True)
        try:
            attempt.enter(EnterExam(entry, "device", honesty=True), NOON).wait()
            inside.add(person)
        except rules.IdentityMissing:
            continue
    assert len(swapped) == 20
    assert inside == set(roster) - swapped


def login_of(person_id: int) -> int:
    """Return a sign-in of a person."""
    with transaction() as session:
        return int(session.execute(text("SELECT max(id) FROM login WHERE person_id = :p"), {"p": person_id}).scalar_one())


def photos() -> int:
    """Count the photos kept."""
    with transaction() as session:
        return int(session.execute(text("SELECT count(*) FROM exam_photo")).scalar_one())


def test_a_photo_is_bounded_in_pixels_by_what_its_format_costs_and_in_tries(app: Flask) -> None:
    for form, size, taken in (
        ("JPEG", (5000, 4000), True),
        ("PNG", (4000, 3000), True),
        ("PNG", (4001, 3000), False),
        ("WEBP", (4001, 3000), False),
        ("MPO", (4032, 3024), True),
    ):
        out = io.BytesIO()
        exif = Image.Exif()
        exif[0x0112] = 6  # turned
        Image.new("L" if form in ("JPEG", "MPO") else "RGB", size).save(
            out, form, exif=exif, **({"save_all": True, "append_images": [Image.new("L", (8, 8))]} if form == "MPO" else {})
        )
        if taken:
            with Image.open(io.BytesIO(photo_format.read(out.getvalue()))) as kept:
                assert max(kept.size) == kept.height == rules.LONGEST_SIDE
        else:
            with pytest.raises(rules.PhotoUnreadable):
                photo_format.read(out.getvalue())
    exams.prepared()
    id_of(LIN)
    exams.enrolled("lin")
    with transaction() as session:
        session.execute(text("UPDATE exam SET settings = settings || '{\"asks_identity\": true}'"))
    lin = enter(app, LIN)
    assert [sent(lin, b"no photo", consent=CONSENT).status_code for _ in range(11)] == [400] * 10 + [429]


def test_nobody_decides_on_herself_nor_on_nothing() -> None:
    with pytest.raises(rules.OwnIdentity):
        rules.decided(State.SENT, confirmed=True, reason="", person_id=7, actor_id=7)
    with pytest.raises(rules.NothingSent):
        rules.decided(State.NONE, confirmed=False, reason="不是本人", person_id=7, actor_id=8)
    with pytest.raises(rules.IdentityConfirmed):
        rules.decided(State.CONFIRMED, confirmed=True, reason="", person_id=7, actor_id=8)
    assert rules.decided(State.NONE, confirmed=True, reason="", person_id=7, actor_id=8) is State.CONFIRMED, "met on the spot"
