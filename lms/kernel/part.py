"""A part of the product: what a package brings when it is mounted."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import click
from flask import Blueprint

from lms.kernel import jobs
from lms.kernel.auth import IdentityLoader
from lms.kernel.clock import Clock
from lms.kernel.db import Session
from lms.kernel.hot import HotRoute
from lms.kernel.jobs import Job
from lms.kernel.permissions import Permission
from lms.kernel.settings import Settings

# Recomputes something from its evidence and yields one sentence for each difference found.
Verifier = Callable[[Session, datetime], Iterable[str]]


@dataclass(frozen=True, slots=True)
class NavEntry:
    """One entry of the navigation, shown to who holds the permission; `also` are further paths whose pages belong to it."""

    label: str
    endpoint: str
    icon: str
    permission: Permission
    position: int = 50
    hint: str = ""
    also: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Part:
    """What one package mounts. `folder` is the package's; its `static/` is served below `/static/<digest>/<name>/`."""

    name: str
    folder: Path
    routes: tuple[Blueprint, ...] = ()
    commands: tuple[click.Command, ...] = ()
    hot_routes: tuple[HotRoute, ...] = ()
    jobs: tuple[Job, ...] = ()
    nav: tuple[NavEntry, ...] = ()
    identity_loader: IdentityLoader | None = None
    on_mount: Callable[[Settings], None] | None = None
    on_serving: Callable[[Clock], None] | None = None  # once in each process that serves requests, before the first of them
    verifiers: tuple[Verifier, ...] = ()
    acts: Mapping[str, str] = field(default_factory=dict)  # what stands in the audit of its doing, in words

    def __post_init__(self) -> None:
        """Make its jobs known to whoever enqueues one."""
        jobs.know(self.jobs)


def routes(name: str, module: str, *, url_prefix: str | None = None, templates: Path | None = None) -> Blueprint:
    """Return a group of routes (Flask calls it a blueprint; here that word means a table of specifications)."""
    return Blueprint(name, module, url_prefix=url_prefix, template_folder=templates)
