"""What question_bank brings when it is mounted."""

from pathlib import Path

from lms import api as lms
from lms.kernel.part import NavEntry, Part
from lms.kernel.permissions import Permission
from lms.kernel.refusal import N_
from question_bank.cli import bank as commands
from question_bank.domain.audit import ACTS
from question_bank.jobs import BANK_JOBS
from question_bank.services import review as reviews
from question_bank.web.analysis import analysis
from question_bank.web.bank import bank
from question_bank.web.bank_settings import bank_settings
from question_bank.web.bulk import bulk
from question_bank.web.export import export
from question_bank.web.item import item
from question_bank.web.picture import picture
from question_bank.web.responses import responses
from question_bank.web.review import review
from question_bank.web.share import guarded, share
from question_bank.web.staging import staging
from question_bank.web.version import version

lms.register_duties(Permission.REVIEW_ITEMS, reviews.duties)
lms.register_duties(Permission.WRITE_ITEMS, reviews.returned)

part = Part(
    name="question_bank",
    folder=Path(__file__).parent,
    routes=guarded(bank, bank_settings, analysis, bulk, export, item, picture, responses, review, staging, share, version),
    commands=(commands,),
    jobs=BANK_JOBS,
    nav=(NavEntry(N_("题库"), "bank.banks", "list", Permission.WRITE_ITEMS, 40, hint=N_("编写、导入、查找和审核试题")),),
    acts=ACTS,
)
