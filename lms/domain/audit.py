"""The words of the acts that this package and the kernel write into the audit."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from lms.kernel.refusal import N_

ACTS = {
    "sign_in": N_("登录"),
    "sign_in.refused": N_("登录被拒绝"),
    "sign_out": N_("退出登录"),
    "sign_out.elsewhere": N_("退出其他设备的登录"),
    "password.change": N_("修改密码"),
    "password.reset": N_("重置密码"),
    "second_factor.confirm": N_("开启两步验证"),
    "second_factor.refused": N_("两步验证被拒绝"),
    "second_factor.renew": N_("换新恢复码"),
    "second_factor.off": N_("停用两步验证"),
    "second_factor.reset": N_("代为停用两步验证"),
    "consent.give": N_("同意个人信息说明"),
    "person.activate": N_("激活账号"),
    "activate.refused": N_("激活被拒绝"),
    "person.new_code": N_("发放激活码"),
    "person.enable": N_("启用账号"),
    "person.disable": N_("停用账号"),
    "person.reveal": N_("查看证件号码和手机号"),
    "person.export": N_("导出本人数据"),
    "people.new_codes": N_("批量发放激活码"),
    "people.bulk_load": N_("批量建立账号"),
    "roster.import": N_("导入名册"),
    "roster.undo": N_("撤销名册导入"),
    "role.grant": N_("授予角色"),
    "role.take_back": N_("收回角色"),
    "erasure.ask": N_("申请删除个人信息"),
    "erasure.grant": N_("同意删除个人信息"),
    "erasure.refuse": N_("不同意删除个人信息"),
    "enrolment.enrol": N_("报名"),
    "enrolment.enrol_many": N_("批量报名"),
    "enrolment.grant_window": N_("批准个人学习时段"),
    "window.ask": N_("申请个人学习时段"),
    "window.verify": N_("核实个人学习时段的申请"),
    "window.refuse": N_("不批准个人学习时段"),
    "reminder.send": N_("提醒学时未完成的教师"),
    "course.create": N_("新建课程"),
    "course.publish": N_("发布课程"),
    "course.hide": N_("撤下课程"),
    "lesson.create": N_("新建一节课"),
    "lesson.change": N_("修改一节课"),
    "attendance.commit": N_("写入签字名单"),
    "attendance.undo": N_("撤销签字名单"),
    "hours.reverse": N_("冲销学时"),
    "grade.take_back": N_("撤回成绩"),
    "certificate.issue": N_("颁发证书"),
    "certificate.revoke": N_("撤销证书"),
    "certificate.rotate_key": N_("更换证书签名密钥"),
    "programme.load": N_("载入培训项目"),
    "programme.move_windows": N_("调整学习时段"),
    "load.state_limits": N_("填写现有条件"),
    "clock.rehearse": N_("演练时钟"),
    "backup.restored": N_("登记备份已恢复验证"),
}


@dataclass(frozen=True, slots=True)
class Asked:
    """What is looked for; what is None is not asked."""

    person_id: int | None = None  # who acted, or on whom
    act: str | None = None
    subject: str | None = None
    until: datetime | None = None  # exclusive


@dataclass(frozen=True, slots=True)
class Entry:
    """One act as it stands in the audit; without an account it was a command's, a job's or an unknown person's."""

    id: int
    at: datetime
    act: str
    subject: str
    detail: Mapping[str, object]
    account: str | None
    name: str | None
