"""A learner in front of a video, and a script in the player's place."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from flask import Flask
from flask.testing import FlaskClient

from lms.kernel.clock import FixedClock
from lms.kernel.db import transaction
from lms.store.activity import ActivityRow
from media.domain.interval import length
from media.services import asset, delivery_record
from media.store import playback as store
from media.store.asset import AssetRow
from tests.conftest import NOON
from tests.support import learning
from tests.support.cast import LIN, Member, enter, id_of


@dataclass(frozen=True)
class Video:
    """A video in a lesson."""

    activity_id: int
    asset_id: int
    lesson_id: int


def videos(count: int = 1, *, seconds: int = 2700, person_id: int | None = None, asked: bool = False) -> list[Video]:
    """Make lessons with videos and enrol Lin (or another) in their programme, which asks for presence every ten minutes if told."""
    presence = "[hours.presence]\nfrom_minutes = 10\nto_minutes = 10\n\n[quiz]"
    learning.load(learning.programme_text().replace("[quiz]", presence, 1) if asked else None)
    learner = person_id or id_of(LIN)
    made = []
    with transaction() as session:
        learning.enrol(session, learner)
        for taught in learning.taught(session, *[f"第 {number + 1} 讲" for number in range(count)], seconds=seconds):
            session.delete(session.get_one(ActivityRow, taught.video_id))  # the stand-in of tests without media
            code = f"lecture{taught.lesson_id}"
            row = AssetRow(
                code=code, title=code, state="ready", file_name=f"{code}.mp4", created_at=NOON, updated_at=NOON, length_ms=seconds * 1000,
                mp4=True, build="0a1b2c3d",
            )  # fmt: skip
            session.add(row)
            session.flush()
            activity_id = asset.attach_video(
                session, lesson_id=taught.lesson_id, programme_code=learning.CODE, asset_code=code, title=f"视频 {taught.lesson_id}"
            )
            made.append(Video(activity_id, row.id, taught.lesson_id))
    return made


@dataclass
class Player:
    """A script that speaks the player's language; it may lie as it likes."""

    app: Flask
    clock: FixedClock
    member: Member = LIN
    fetches: bool = True
    client: FlaskClient = field(init=False)
    sequences: dict[str, int] = field(default_factory=dict)
    standings: dict[str, str] = field(default_factory=dict)
    assets: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.client = enter(self.app, self.member)

    def open(self, video: Video) -> dict[str, Any]:
        """Open a lease."""
        answer = self.client.post("/api/media/lease", json={"activity": video.activity_id})
        assert answer.status_code == 200, answer.get_data(as_text=True)
        found: dict[str, Any] = answer.get_json()
        self.assets[found["lease"]] = video.asset_id
        return found

    def fetch(self, video: Video, start: float, end: float) -> None:
        """Let the server note the bytes of these seconds as served."""
        delivery_record.record.add(id_of(self.member), video.asset_id, int(start * 1000), int(end * 1000), self.clock.now())
        delivery_record.record.flush()

    def beat(self, lease: str, *pairs: tuple[float, float], sequence: int | None = None, status: int = 200, **more: object) -> dict[str, Any]:
        """Report played seconds."""
        if sequence is None:
            sequence = self.sequences[lease] = self.sequences.get(lease, -1) + 1
        if self.fetches:
            for start, end in pairs:
                delivery_record.record.add(id_of(self.member), self.assets[lease], max(0, int(start * 1000)), int(end * 1000), self.clock.now())
            delivery_record.record.flush()
        intervals = [[int(start * 1000), int(end * 1000)] for start, end in pairs]
        body = {"lease": lease, "sequence": sequence, "intervals": intervals, "standing": self.standings.get(lease, ""), **more}
        answer = self.client.post("/api/media/heartbeat", json=body)
        assert answer.status_code == status, answer.get_data(as_text=True)
        found: dict[str, Any] = answer.get_json()
        self.standings[lease] = found.get("standing", "")
        return found

    def play(self, lease: str, start: float, seconds: float, *, speed: float = 1, every: float = 15) -> dict[str, Any]:
        """Play honestly from a place, reporting as the player does."""
        played, answer = 0.0, {}
        while played < seconds:
            step = min(every, seconds - played)
            self.clock.instant += timedelta(seconds=step)
            answer = self.beat(lease, (start + played * speed, start + (played + step) * speed))
            played += step
        return answer


def credited(video: Video, member: Member = LIN) -> float:
    """Return the accepted seconds of a video."""
    with transaction() as session:
        found = store.watched(session, id_of(member), video.activity_id, video.asset_id)
        return length(found[0].accepted) / 1000 if found else 0
