"""An exam that is still to come and has no papers yet; with a bank of its own, so that it keeps no other exam's keys shut."""

from dataclasses import replace
from datetime import datetime, timedelta

from demo.programme import DEMO_CODE
from exam.domain import blueprint as blueprints
from exam.services import exam_settings

CODE = f"{DEMO_CODE}-makeup"
BANK = "mental-health-makeup"
LASTS = timedelta(days=3)  # the last of the exam's time, when who failed knows it
BLUEPRINT = {
    "code": "makeup",
    "title": "补考双向细目表（10道单选，100分）",
    "exposure_percent": 100,
    "sections": [
        {
            "title": "单项选择题", "type": "single", "points": "10",
            "cells": [{"topics": ["principles", "positive", "home_school", "group", "crisis"], "count": 2}],
        },
    ],
}  # fmt: skip


def plan(manager: int, now: datetime) -> None:
    """Set the exam up as the manager would; drawing its papers is left to whoever looks at the demo."""
    asked = exam_settings.asked(DEMO_CODE)
    chosen = replace(asked.settings, title="线上测试·补考", bank_code=BANK, opens=asked.settings.closes - LASTS, minutes=30)
    exam_settings.create(replace(asked, code=CODE, settings=chosen, blueprint=blueprints.from_mapping(BLUEPRINT)), actor_id=manager, now=now)
