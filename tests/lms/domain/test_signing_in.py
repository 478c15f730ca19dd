"""Signing in: codes, passwords, devices."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lms.domain import signing_in as rules

COMMON = {"password1"}


@given(st.text(alphabet=rules.ACTIVATION_SIGNS, min_size=rules.ACTIVATION_LENGTH, max_size=rules.ACTIVATION_LENGTH))
def test_a_code_survives_being_read_and_typed(code: str) -> None:
    assert rules.normal_code(f" {rules.spaced_code(code).lower()} ") == code


@pytest.mark.parametrize("password", ["平安的 Garden 71", "kuai-le-de-yu-31", "a" * 4 + "bcd!" * 3])
def test_a_good_password_passes(password: str) -> None:
    rules.check_password(password, account="lin2026", phone="13800001234", common=COMMON)


@pytest.mark.parametrize(
    ("password", "refusal"),
    [
        ("1234567", rules.ShortPassword),
        ("x" * 129, rules.ShortPassword),
        ("PASSWORD1", rules.CommonPassword),
        ("11111111", rules.CommonPassword),
        ("23456789", rules.CommonPassword),
        ("qwertyui", rules.CommonPassword),
        ("1988-12-31", rules.CommonPassword),
        ("13912345678", rules.CommonPassword),
        ("iamLIN2026!", rules.TellingPassword),
        ("x00001234x", rules.TellingPassword),
    ],
)
def test_a_weak_password_is_refused(password: str, refusal: type[rules.WeakPassword]) -> None:
    with pytest.raises(refusal):
        rules.check_password(password, account="lin2026", phone="13800001234", common=COMMON)


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148 MicroMessenger/8.0.54", "iPhone · 微信"),
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/142.0.0.0 Safari/537.36 Edg/142.0.0.0", "Windows · Edge"),
        ("Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Chrome/142.0.0.0 Mobile Safari/537.36", "Android · Chrome"),
        ("curl/8", ""),
    ],
)
def test_a_device_has_a_name_its_owner_knows(agent: str, name: str) -> None:
    assert rules.device_name(agent) == name
