"""The form of an exam's settings as a browser would send it back."""

import html
import re

from flask.testing import FlaskClient


def settings_form(client: FlaskClient, code: str | None = None, programme: str | None = None) -> dict[str, str]:
    """Return every field of the form with what stands in it: of an exam, or of a new one for a programme."""
    return fields_of(client.get(f"/admin/exams/{code}/settings" if code else f"/admin/exams/new?programme={programme}").get_data(as_text=True))


def fields_of(page: str) -> dict[str, str]:
    """Read the fields of the form on a page."""
    body = re.search(r"<form[^>]*data-live.*?</form>", page, re.S)
    assert body, "the page has no such form"
    found = {}
    for tag in re.findall(r"<input[^>]*>", body[0]):
        name, value = re.search(r'name="([^"]*)"', tag), re.search(r'value="([^"]*)"', tag)
        if name and (' type="checkbox"' not in tag or " checked" in tag):
            found[name[1]] = html.unescape(value[1]) if value else ""
    for name, options in re.findall(r'<select[^>]*name="([^"]*)"[^>]*>(.*?)</select>', body[0], re.S):
        chosen = re.search(r'<option selected[^>]*value="([^"]*)"', options) or re.search(r'<option[^>]*value="([^"]*)"', options)
        found[name] = html.unescape(chosen[1]) if chosen else ""
    return found
