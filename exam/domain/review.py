"""When a learner may look through her paper with keys and explanations, and what refuses an appeal."""

from enum import StrEnum

from lms.kernel.refusal import N_, Conflict, Forbidden


class Review(StrEnum):
    """Whether papers may be looked through with keys and explanations; never while others may still be given the same items."""

    NEVER = "never"
    AFTER_WINDOW = "after_window"


REVIEW_LABELS = {
    Review.NEVER: N_("不开放"),
    Review.AFTER_WINDOW: N_("成绩公布且考试时间结束后开放"),
}


class ReviewClosed(Forbidden):
    """The exam does not show its keys, or not yet."""

    code = "review_closed"
    message = N_("这场考试现在不开放查看试卷和解析。")


class ReviewFrozen(Conflict):
    """Who sits was told what holds."""

    code = "review_frozen"
    message = N_("考试期间不能改变试卷开放的规定，请等所有人考完后再改。")


class AppealWaiting(Conflict):
    """An appeal of this attempt waits already, or there is no result to appeal against."""

    code = "appeal_waiting"
    message = N_("您的复核申请正在处理，或还没有可以申请复核的成绩。")


class AppealDecided(Conflict):
    """Somebody else was faster."""

    code = "appeal_decided"
    message = N_("这条复核申请已经处理过了。")
