"""The words of the acts that this package writes into the audit."""

from lms.kernel.refusal import N_

ACTS = {
    "asset.announce": N_("登记待上传的视频"),
    "asset.upload": N_("上传视频"),
    "asset.import": N_("导入视频"),
    "asset.captions": N_("更换字幕"),
    "asset.attach": N_("把视频放进一节课"),
    "watching.appeal": N_("对未计入的时间申诉"),
    "watching.appeal_accepted": N_("同意计入申诉的时间"),
    "watching.appeal_declined": N_("不同意计入申诉的时间"),
}
