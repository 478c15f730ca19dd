"""Settings: read once from the environment, documented in docs/operations.md."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import click


class SettingsError(click.UsageError):
    """A setting is missing or cannot be read; a command ends with this one sentence."""


def _flag(name: str, value: str) -> bool:
    if value.lower() in {"1", "true", "yes", "on"}:
        return True
    if value.lower() in {"", "0", "false", "no", "off"}:
        return False
    raise SettingsError(f"{name} must be on or off, not {value!r}")


def _number(name: str, value: str) -> int:
    try:
        return int(value)
    except ValueError:
        raise SettingsError(f"{name} must be a whole number, not {value!r}") from None


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything a deployment may choose; field names are the environment's names in lower case."""

    database_url: str
    database_app_url: str
    secret_key: str
    field_key: str
    var_dir: Path
    base_url: str
    https: bool = False
    media_store: str = ""
    media_access_key: str = ""
    media_secret_key: str = ""
    x_accel_prefix: str = ""
    arrival_header: str = ""
    trusted_proxies: int = 0
    pool_size: int = 20
    log_level: str = "INFO"
    blocking_threads: int = 8
    sign_in_tries: int = 10
    hot_requests: int = 200
    staff_second_factor: bool = False

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "Settings":
        """Read the settings; a missing or unreadable one raises SettingsError naming it."""
        for name in ("DATABASE_URL", "SECRET_KEY", "FIELD_KEY"):
            if not environment.get(name):
                raise SettingsError(f"{name} is not set; docs/operations.md lists every setting")
        if len(environment["SECRET_KEY"]) < 32:
            raise SettingsError("SECRET_KEY must have at least 32 characters")
        get = environment.get
        return cls(
            database_url=environment["DATABASE_URL"],
            database_app_url=get("DATABASE_APP_URL") or environment["DATABASE_URL"],
            secret_key=environment["SECRET_KEY"],
            field_key=environment["FIELD_KEY"],
            var_dir=Path(get("VAR_DIR") or "var").absolute(),
            base_url=(get("BASE_URL") or "http://127.0.0.1:8000").rstrip("/"),
            https=_flag("HTTPS", get("HTTPS", "")),
            media_store=get("MEDIA_STORE", ""),
            media_access_key=get("MEDIA_ACCESS_KEY", ""),
            media_secret_key=get("MEDIA_SECRET_KEY", ""),
            x_accel_prefix=get("X_ACCEL_PREFIX", ""),
            arrival_header=get("ARRIVAL_HEADER", ""),
            trusted_proxies=_number("TRUSTED_PROXIES", get("TRUSTED_PROXIES") or "0"),
            pool_size=_number("POOL_SIZE", get("POOL_SIZE") or "20"),
            blocking_threads=_number("BLOCKING_THREADS", get("BLOCKING_THREADS") or "8"),
            log_level=(get("LOG_LEVEL") or "INFO").upper(),
            sign_in_tries=_number("SIGN_IN_TRIES", get("SIGN_IN_TRIES") or "10"),
            hot_requests=_number("HOT_REQUESTS", get("HOT_REQUESTS") or "200"),
            staff_second_factor=_flag("STAFF_SECOND_FACTOR", get("STAFF_SECOND_FACTOR", "")),
        )
