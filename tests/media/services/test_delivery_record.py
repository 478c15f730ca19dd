"""What was served is written in batches, and what is lost with a process is recorded as a gap."""

from flask import Flask
from sqlalchemy import text

from lms.kernel.clock import FixedClock
from lms.kernel.db import transaction
from media.domain.delivery import MOST_SPANS, DeliveryBuffer
from media.services import delivery_record
from media.services.delivery_record import DeliveryRecord
from media.store import delivery as store
from tests.support.cast import LIN, id_of
from tests.support.watching import Video, videos


def served(video: Video) -> object:
    with transaction() as session:
        return store.delivered(session, id_of(LIN), video.asset_id)


def gaps() -> list[str]:
    with transaction() as session:
        return list(session.execute(text("SELECT reason FROM delivery_gap ORDER BY id")).scalars())


def test_batches_of_two_processes_add_up(app: Flask, clock: FixedClock) -> None:
    (video,) = videos()
    one, other = DeliveryRecord(), DeliveryRecord()
    one.add(id_of(LIN), video.asset_id, 0, 4_000, clock.now())
    other.add(id_of(LIN), video.asset_id, 4_000, 8_000, clock.now())
    other.add(id_of(LIN), video.asset_id, 20_000, 24_000, clock.now())
    one.flush()
    other.flush()
    assert served(video) == ((0, 8_000), (20_000, 24_000))
    one.close()
    other.close()
    delivery_record.find_gaps(clock.now())
    assert gaps() == []


def test_a_person_or_video_that_is_gone_spoils_no_batch(app: Flask, clock: FixedClock) -> None:
    (video,) = videos()
    record = DeliveryRecord()
    record.add(999_999, video.asset_id, 0, 4_000, clock.now())
    record.add(id_of(LIN), 999_999, 0, 4_000, clock.now())
    record.add(id_of(LIN), video.asset_id, 0, 4_000, clock.now())
    record.close()
    assert served(video) == ((0, 4_000),)


def test_a_process_that_was_killed_leaves_a_gap(app: Flask, clock: FixedClock) -> None:
    (video,) = videos()
    record = DeliveryRecord()
    record.add(id_of(LIN), video.asset_id, 0, 4_000, clock.now())
    record.flush()
    assert record._link is not None
    record._link.close()  # as when the process is gone
    for _ in range(50):
        delivery_record.find_gaps(clock.now())
        if gaps():
            break
    assert gaps() == ["writer_lost"]
    delivery_record.find_gaps(clock.now())
    assert gaps() == ["writer_lost"]


def test_an_overflow_is_recorded(app: Flask, clock: FixedClock) -> None:
    (video,) = videos()
    buffer = DeliveryBuffer()
    for number in range(MOST_SPANS + 1):
        buffer.add(1, 1, number * 2, number * 2 + 1)
    batch, overflown = buffer.take()
    assert overflown
    assert len(batch[0].spans) == MOST_SPANS
    assert not buffer
    record = DeliveryRecord()
    record._buffer._overflown = True
    record.add(id_of(LIN), video.asset_id, 0, 1, clock.now())
    record.close()
    assert gaps() == ["overflow"]
