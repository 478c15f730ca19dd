"""Templates compiled once per language, with what is constant written down."""

import pytest
from flask import Flask, session
from jinja2 import nodes
from markupsafe import Markup

TEMPLATES = {
    "page.html": (
        '{% from "components/icon.html" import icon as draw %}{% from "components/notice.html" import notice %}'
        '{% macro line(name) %}<p>{{ _("您好，%(name)s", name=name) }}</p>{% endmacro %}'
        '{{ draw("home") }}{{ draw(sign) }}{{ _("首页") }}{{ line(who) }}'
        '{% call notice(kind="info") %}{{ who }}{% endcall %}{{ {"word": _("首页")} | tojson }}'
    )
}


def drawn(app: Flask, locale: str = "zh") -> str:
    with app.test_request_context("/"):
        session["locale"] = locale
        return app.jinja_env.get_template("page.html").render(who="<王>", sign="play")


@pytest.fixture
def folding(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Flask:
    """The product with one page more."""
    loader = app.jinja_env.loader
    assert loader is not None
    found = loader.get_source
    with_ours = lambda environment, name: (TEMPLATES[name], None, lambda: True) if name in TEMPLATES else found(environment, name)  # noqa: E731
    monkeypatch.setattr(loader, "get_source", with_ours)
    return app


def test_each_language_has_its_own_page_and_values_stay_escaped(folding: Flask) -> None:
    chinese, english = drawn(folding), drawn(folding, "en")
    assert "首页" in chinese
    assert "Home" in english
    assert "首页" not in english
    assert drawn(folding) == chinese
    for page in (chinese, english):
        assert "&lt;王&gt;" in page
        assert "<王>" not in page
        assert "#home" in page
        assert "#play" in page


def test_a_component_that_is_drawn_once_tells_text_from_markup(folding: Flask) -> None:
    with folding.test_request_context("/"):
        badge = vars(folding.jinja_env.get_template("components/badge.html").module)["badge"]
        icon = vars(folding.jinja_env.get_template("components/icon.html").module)["icon"]
        for _again in range(2):
            assert "&lt;b&gt;" in badge("<b>", "danger")
            assert "<b>" in badge(Markup("<b>"), "danger")
            assert "badge-danger" not in badge("<b>")
            assert "#play" in icon("play")
            assert "#home" in icon("home")
            assert 'aria-label="&lt;王&gt;"' in icon("home", label="<王>")


def test_constant_words_and_icons_cost_no_call_when_a_page_is_drawn(folding: Flask) -> None:
    with folding.test_request_context("/"):
        tree = folding.jinja_env.parse(TEMPLATES["page.html"], "page.html")
    called = [call.node.name for call in tree.find_all(nodes.Call) if isinstance(call.node, nodes.Name)]
    assert sorted(called) == ["draw", "line", "notice"]  # the icon whose name is known only then, a macro, and a call with a body


def test_every_page_of_the_product_compiles_in_the_other_language_too(app: Flask) -> None:
    names = app.jinja_env.list_templates(extensions=["html"])
    assert {"layout.html", "lms/certificate/page.html", "exam/room/room.html"} <= set(names)
    with app.test_request_context("/"):
        session["locale"] = "en"  # every other test compiles pages in Chinese
        for name in names:
            app.jinja_env.get_template(name)
