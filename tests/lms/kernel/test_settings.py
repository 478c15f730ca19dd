"""Settings are read once and a wrong one is named."""

import pytest

from lms.kernel.settings import Settings, SettingsError

GOOD = {"DATABASE_URL": "postgresql://x/y", "SECRET_KEY": "s" * 32, "FIELD_KEY": "f"}


def test_the_needed_settings_suffice() -> None:
    assert Settings.from_environment(GOOD).database_app_url == GOOD["DATABASE_URL"]


@pytest.mark.parametrize("name", sorted(GOOD))
def test_a_missing_setting_is_named(name: str) -> None:
    with pytest.raises(SettingsError, match=name):
        Settings.from_environment({key: value for key, value in GOOD.items() if key != name})


@pytest.mark.parametrize(("name", "value"), [("SECRET_KEY", "short"), ("HTTPS", "perhaps"), ("POOL_SIZE", "many"), ("TRUSTED_PROXIES", "nginx")])
def test_a_setting_that_cannot_be_read_is_named(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=name):
        Settings.from_environment(GOOD | {name: value})
