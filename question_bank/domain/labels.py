"""What a file says about an item besides the item itself: a label that does not fit is left out, the item stays."""

from dataclasses import replace

from question_bank.domain.draft import DEFAULT_DIFFICULTY, MAX_TOPIC, Draft
from question_bank.domain.fault import label_faults


def fitted(draft: Draft) -> tuple[Draft, list[str]]:
    """Return the draft with labels that the bank can keep, and what became of the others."""
    lost = []
    for field in (each.field for each in label_faults(draft)):
        match field:
            case "topic":
                lost.append(f"知识点超过 {MAX_TOPIC} 字，只保留前 {MAX_TOPIC} 字：{draft.topic[:200]}")
                draft = replace(draft, topic=draft.topic[:MAX_TOPIC].strip())
            case "level":
                lost.append(f"认知层次“{draft.level[:60]}”无法识别，未导入")
                draft = replace(draft, level="")
            case "difficulty":
                lost.append(f"难度“{draft.difficulty_text[:60]}”无法识别，按默认难度处理")
                draft = replace(draft, difficulty=DEFAULT_DIFFICULTY)
            case "points":
                lost.append("分值不是大于 0、不超过 10000 的数，按默认分值处理")
                draft = replace(draft, points=None)
    return draft, lost
