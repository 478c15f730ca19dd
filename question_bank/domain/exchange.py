"""What a file holds: drafts, pictures, what could not be kept and what could not be read."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from question_bank.domain.draft import Draft
from question_bank.domain.fault import Fault, has_control, without_control


@dataclass(frozen=True, slots=True)
class Loss:
    """Something a file holds and the bank does not keep; whose words stand in `SENTENCES` of `web/loss_words.py`, or readers of English get Chinese."""

    place: str
    what: str

    def __post_init__(self) -> None:
        """Free both of signs that no database takes and no terminal shows: they repeat words of the file."""
        if has_control(self.place) or has_control(self.what):
            object.__setattr__(self, "place", without_control(self.place))
            object.__setattr__(self, "what", without_control(self.what))


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture that was read, checked and written anew; `digest` (SHA-256 of `content`, hexadecimal) is its name."""

    digest: str
    media_type: str  # image/png, image/jpeg or image/webp
    content: bytes
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Reading:
    """What was found in a file."""

    format: str
    drafts: tuple[Draft, ...] = ()
    losses: tuple[Loss, ...] = ()
    refused: tuple[tuple[Draft, Fault], ...] = field(default=())  # places at which no draft could even be built
    pictures: tuple[Picture, ...] = ()


def by_kind(losses: Iterable[Loss]) -> dict[str, list[str]]:
    """Return where each kind of loss happened."""
    places: dict[str, list[str]] = {}
    for loss in losses:
        places.setdefault(loss.what, []).append(loss.place)
    return places


Beat = Callable[[int], None]  # told how many rows are done


def quiet(_done: int) -> None:
    """Tell nobody."""
