"""The words of the acts that this package writes into the audit."""

from lms.kernel.refusal import N_

ACTS = {
    "bank.make": N_("新建题库"),
    "bank.settings": N_("修改题库的名称与知识点"),
    "bank.import": N_("导入试题"),
    "bank.export": N_("导出题库"),
    "bank.bulk": N_("批量修改试题"),
    "bank.bulk_undo": N_("撤销批量修改"),
    "bank.share": N_("共享题库"),
    "bank.unshare": N_("停止共享题库"),
    "bank.key_alarm": N_("查看答案过多，系统报警"),
    "bank.key_alarm_clear": N_("处理查看答案的报警"),
    "item.write": N_("编写试题"),
    "item.submit": N_("提交审核试题"),
    "item.approve": N_("通过试题"),
    "item.send_back": N_("退回试题"),
    "item.retire": N_("停用试题"),
    "item.restore": N_("恢复试题"),
    "item.view_key": N_("查看试题答案"),
}
