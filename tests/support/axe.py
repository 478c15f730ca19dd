"""axe-core in the page under test."""

from functools import cache
from pathlib import Path

from playwright.sync_api import Page

SOURCE = Path(__file__).parents[2] / "node_modules/axe-core/axe.min.js"
EVERYTHING = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
COLOURS = ("color-contrast", "link-in-text-block")  # all that another colour scheme can spoil
ORIENTATION = ("css-orientation-lock",)  # reads every style sheet anew, which takes as long as all other rules; our sheets are the same on every page
ALIKE = (".table tbody > tr:nth-child(n + 13)", ".load-cities > :nth-child(n + 3)")  # a long list is made of rows or charts like those above
RUN = """async ([rules, preload, alike]) => {
    const {violations} = await axe.run({include: [["html"]], exclude: alike.map((one) => [one])}, {runOnly: rules, preload, resultTypes: ["violations"]});
    return violations.filter(({impact}) => impact === "serious" || impact === "critical")
        .flatMap(({id, nodes}) => nodes.map(node => `${id}: ${node.target} ${node.failureSummary.slice(0, 160)}`));
}"""


@cache
def _source() -> str:
    return SOURCE.read_text(encoding="utf-8")


def serious(page: Page, rules: tuple[str, ...] = EVERYTHING) -> list[str]:
    """Return every serious or critical finding of the page as one line; `rules` are tags or names of rules."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(_source())
    found: list[str] = page.evaluate(RUN, [rules, rules == ORIENTATION, ALIKE])
    return found
