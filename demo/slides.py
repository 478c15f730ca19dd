"""Draw the slides of a lecture."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from PIL import Image, ImageDraw

from demo.typesetting import Colour, Draw, Style, balanced, fitting, font, labelled, lines_at, wrap

WIDTH, HEIGHT = 1280, 720
MARGIN = 96
TEXT_WIDTH = 960
BODY_TOP, BODY_BOTTOM = 236, 628

PAPER = (248, 246, 241)
CARD = (255, 255, 255)
INK = (33, 44, 54)
MUTED = (98, 108, 117)
RULE = (222, 218, 208)

ACCENTS: dict[str, Colour] = {
    "principles": (38, 103, 109),
    "positive": (158, 98, 20),
    "home_school": (62, 88, 146),
    "group": (66, 110, 62),
    "crisis": (160, 70, 56),
}
TOPICS = {
    "principles": "学校心理健康教育基本原理",
    "positive": "积极心理学方法与技术",
    "home_school": "家校沟通",
    "group": "团体辅导",
    "crisis": "心理危机干预",
}


@dataclass(frozen=True)
class Slide:
    """One slide with what is said to it."""

    title: str
    bullets: tuple[str, ...]
    narration: str
    seconds: int
    layout: str = "points"
    section: str = ""


@dataclass(frozen=True)
class Frame:
    """What surrounds a slide: its lesson and its place."""

    lesson: str
    topic: str
    number: int
    count: int

    @property
    def accent(self) -> Colour:
        """Name the topic's colour."""
        return ACCENTS[self.topic]


def tint(colour: Colour, share: float, ground: Colour = PAPER) -> Colour:
    """Mix a colour into the ground."""
    red, green, blue = (round(g + (c - g) * share) for c, g in zip(colour, ground, strict=True))
    return red, green, blue


@cache
def ground(accent: Colour) -> Image.Image:
    """Draw paper with soft circles, at twice the size for smooth edges."""
    image = Image.new("RGB", (WIDTH * 2, HEIGHT * 2), PAPER)
    draw = ImageDraw.Draw(image)
    for x, y, radius, share in ((2470, 60, 470, 0.05), (2330, -60, 300, 0.07), (2560, 330, 150, 0.09)):
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=tint(accent, share))
    draw.rectangle((0, 0, 20, HEIGHT * 2), fill=accent)
    return image.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS)


def card(image: Image.Image, box: tuple[int, int, int, int], fill: Colour, radius: int = 18) -> None:
    """Lay a rounded card with smooth corners on the slide."""
    left, top, right, bottom = box
    mask = Image.new("L", ((right - left) * 3, (bottom - top) * 3), 0)
    ImageDraw.Draw(mask).rounded_rectangle((0, 0, *(n - 1 for n in mask.size)), radius * 3, fill=255)
    image.paste(fill, (left, top), mask.resize((right - left, bottom - top), Image.Resampling.LANCZOS))


def furniture(draw: Draw, frame: Frame, section: str) -> None:
    """Draw what every slide shares: kicker, footer and progress line."""
    small = font("Sans", 21)
    draw.text((MARGIN, 84), section or TOPICS[frame.topic], font=small, fill=frame.accent, anchor="ls")
    draw.text((MARGIN, 682), frame.lesson, font=font("Sans", 19), fill=MUTED, anchor="ls")
    draw.text((WIDTH - MARGIN, 682), f"{frame.number} / {frame.count}", font=font("Sans", 19), fill=MUTED, anchor="rs")
    draw.rectangle((0, HEIGHT - 8, WIDTH, HEIGHT), fill=RULE)
    draw.rectangle((0, HEIGHT - 8, round(WIDTH * frame.number / frame.count), HEIGHT), fill=frame.accent)


def heading(draw: Draw, title: str, accent: Colour) -> None:
    """Write the slide's title with a short rule under it."""
    face = fitting("Serif", title, 48, WIDTH - 2 * MARGIN - 120)
    draw.text((MARGIN, 160), title, font=face, fill=INK, anchor="ls", stroke_width=0.6, stroke_fill=INK)
    draw.rectangle((MARGIN, 184, MARGIN + 64, 188), fill=accent)


def points(image: Image.Image, slide: Slide, accent: Colour) -> None:
    """Draw bullets as a list, numbered when they are steps."""
    draw = ImageDraw.Draw(image)
    size, step, wrapped = _largest(slide.bullets, TEXT_WIDTH)
    style = Style(font("Sans", size), INK, step)
    gap = round(size * 0.6)
    height = sum(len(lines) * step + gap for lines in wrapped) - gap
    y = BODY_TOP + max(0, (BODY_BOTTOM - BODY_TOP - height) // 3) + size
    for number, lines in enumerate(wrapped, start=1):
        middle = y - round(size * 0.36)
        if slide.layout == "steps":
            card(image, (MARGIN, middle - 23, MARGIN + 46, middle + 23), accent, radius=23)
            draw.text((MARGIN + 23, middle), str(number), font=font("Sans", 25), fill=CARD, anchor="mm")
        else:
            card(image, (MARGIN + 16, middle - 7, MARGIN + 30, middle + 7), accent, radius=7)
        y = labelled(draw, (MARGIN + 72, y), lines, style, accent) + gap


def _largest(texts: tuple[str, ...], width: int) -> tuple[int, int, list[list[str]]]:
    """Choose the largest body size at which all texts fit, smaller if each then keeps to one line."""
    fits = []
    for size in range(40, 23, -2):
        step = round(size * 1.5)
        wrapped = [balanced(text, font("Sans", size), width) for text in texts]
        if sum(map(len, wrapped)) * step + round(size * 0.6) * (len(texts) - 1) <= BODY_BOTTOM - BODY_TOP:
            fits.append((size, step, wrapped))
    if not fits:
        raise ValueError(f"too much text for one slide: {texts[0]}")
    whole = [fit for fit in fits if fit[0] >= 32 and all(len(lines) == 1 for lines in fit[2])]
    return (whole or fits)[0]


def case(image: Image.Image, slide: Slide, accent: Colour) -> None:
    """Draw a case or a spoken example on a white card."""
    card(image, (MARGIN, BODY_TOP - 8, WIDTH - MARGIN, BODY_BOTTOM + 4), tint(accent, 0.18))
    card(image, (MARGIN + 2, BODY_TOP - 6, WIDTH - MARGIN - 2, BODY_BOTTOM + 2), CARD, radius=16)
    draw = ImageDraw.Draw(image)
    draw.rectangle((MARGIN + 2, BODY_TOP + 26, MARGIN + 10, BODY_BOTTOM - 30), fill=accent)
    size, step, wrapped = next(fit for size in range(34, 21, -2) if (fit := _inside(slide.bullets, size)) is not None)
    style = Style(font("Sans", size), INK, step)
    gap = round(size * 0.55)
    height = sum(len(lines) * step + gap for lines in wrapped) - gap
    y = BODY_TOP + (BODY_BOTTOM - BODY_TOP - height) // 2 + size
    for lines in wrapped:
        y = labelled(draw, (MARGIN + 56, y), lines, style, accent) + gap


def _inside(texts: tuple[str, ...], size: int) -> tuple[int, int, list[list[str]]] | None:
    step = round(size * 1.5)
    wrapped = [balanced(text, font("Sans", size), WIDTH - 2 * MARGIN - 112) for text in texts]
    height = sum(map(len, wrapped)) * step + round(size * 0.55) * (len(texts) - 1)
    return (size, step, wrapped) if height <= BODY_BOTTOM - BODY_TOP - 48 else None


def compare(image: Image.Image, slide: Slide, accent: Colour) -> None:
    """Draw two columns; each bullet holds both cells, the first one the headings."""
    rows = [bullet.split("｜") for bullet in slide.bullets]
    gutter, top = 32, BODY_TOP - 8
    width = (WIDTH - 2 * MARGIN - gutter) // 2
    draw = ImageDraw.Draw(image)
    for column, colour in enumerate((MUTED, accent)):
        left = MARGIN + column * (width + gutter)
        card(image, (left, top, left + width, BODY_BOTTOM + 4), CARD)
        card(image, (left, top, left + width, top + 64), colour)
        draw.rectangle((left, top + 40, left + width - 1, top + 64), fill=colour)
        draw.text((left + width // 2, top + 33), rows[0][column], font=font("Sans", 28), fill=CARD, anchor="mm")
    size, step, cells = _table(rows[1:], width - 56)
    style = Style(font("Sans", size), INK, step)
    height = (BODY_BOTTOM + 4 - top - 64) // len(cells)
    for row, pair in enumerate(cells):
        for column, lines in enumerate(pair):
            left = MARGIN + column * (width + gutter) + 28
            middle = top + 64 + row * height + height // 2
            first = middle - (len(lines) - 1) * step // 2 + round(size * 0.36)
            lines_at(draw, (left, first), lines, style)
            if row:
                y = top + 64 + row * height
                draw.line((left, y, left + width - 56, y), fill=RULE, width=2)


def _table(rows: list[list[str]], width: int) -> tuple[int, int, list[list[list[str]]]]:
    for size in range(30, 19, -2):
        step = round(size * 1.45)
        cells = [[balanced(cell, font("Sans", size), width) for cell in row] for row in rows]
        room = (BODY_BOTTOM - BODY_TOP - 52) // len(rows)
        if all(len(lines) * step + 8 <= room for row in cells for lines in row):
            return size, step, cells
    raise ValueError(f"too much text for one table: {rows[0][0]}")


LAYOUTS: dict[str, Callable[[Image.Image, Slide, Colour], None]] = {
    "points": points,
    "steps": points,
    "case": case,
    "compare": compare,
}


def cover(slide: Slide, frame: Frame) -> Image.Image:
    """Draw a lesson's first slide or the first one of a section."""
    image = ground(frame.accent).copy()
    draw = ImageDraw.Draw(image)
    furniture(draw, frame, "")
    face = fitting("Serif", slide.title, 64, WIDTH - 2 * MARGIN)
    draw.text((MARGIN, 300), slide.title, font=face, fill=INK, anchor="ls", stroke_width=0.8, stroke_fill=INK)
    draw.rectangle((MARGIN, 336, MARGIN + 96, 341), fill=frame.accent)
    style, y = Style(font("Sans", 30), MUTED, 46), 408
    for bullet in slide.bullets:
        y = lines_at(draw, (MARGIN, y), wrap(bullet, style.face, 980), style) + 10
    return image


def render(slide: Slide, frame: Frame) -> Image.Image:
    """Draw one slide."""
    if slide.layout == "cover":
        return cover(slide, frame)
    image = ground(frame.accent).copy()
    draw = ImageDraw.Draw(image)
    furniture(draw, frame, slide.section)
    heading(draw, slide.title, frame.accent)
    LAYOUTS[slide.layout](image, slide, frame.accent)
    return image
