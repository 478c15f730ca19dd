"""What other packages may ask of the bank; the caller's session is passed in."""

from question_bank.formats.rich_text import with_sources
from question_bank.services.analysis import keep as keep_analysis
from question_bank.services.demand import Demand, register_demand
from question_bank.services.picture import contents
from question_bank.services.share import drawable as banks
from question_bank.services.share import require_draw
from question_bank.services.usage import Appearance, register_usage
from question_bank.store.analysis import logits
from question_bank.store.bank import names, topics_by_bank
from question_bank.store.bank import topics_of as topics
from question_bank.store.picture import by_code as picture
from question_bank.store.pool import explanations, external_ids, frozen, keys, on_topic, pool, practice, record_use, versions_of
from question_bank.store.share import key_readers

__all__ = [
    "Appearance",
    "Demand",
    "banks",
    "contents",
    "explanations",
    "external_ids",
    "frozen",
    "keep_analysis",
    "key_readers",
    "keys",
    "logits",
    "names",
    "on_topic",
    "picture",
    "pool",
    "practice",
    "record_use",
    "register_demand",
    "register_usage",
    "require_draw",
    "topics",
    "topics_by_bank",
    "versions_of",
    "with_sources",
]
