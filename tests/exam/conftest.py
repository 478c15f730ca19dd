"""What every test of the exam engine needs."""

from collections.abc import Iterator

import pytest

from exam.services import invigilation, paper


@pytest.fixture(autouse=True)
def _no_kept_papers() -> Iterator[None]:
    """Forget kept papers: each test's database counts ids from 1 again."""
    paper.forget()
    invigilation.forget()
    yield
    paper.forget()
