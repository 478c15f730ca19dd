"""Every sentence has its English, and none is left over."""

import re

from lms.kernel import catalogue


def _text(value: object) -> str:
    return " ".join(value) if isinstance(value, (tuple, list)) else str(value)


def test_every_message_has_its_english_and_no_english_is_left_over() -> None:
    english, source = catalogue.read(), catalogue.extract()
    missing = [message.id for message in source if message.id and not ((there := english.get(message.id)) and _text(there.string).strip())]
    assert not missing, f"{len(missing)} messages lack English (make translations): {missing[:10]}"
    stale = [message.id for message in english if message.id and not source.get(message.id)]
    assert not stale


def test_placeholders_survive_translation() -> None:
    for message in catalogue.read():
        if message.id and message.string:
            names = set(re.findall(r"%\((\w+)\)", _text(message.id)))
            assert names == set(re.findall(r"%\((\w+)\)", _text(message.string))), message.id
