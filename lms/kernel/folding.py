"""Templates are compiled once per language, and whatever is constant in them then is written down as text.

A sentence, the address of a static file, an icon, a notice whose words are fixed: each is the same on every page of a
language, so it is looked up and drawn while the template is compiled and not again at each request. What is left to a request
goes by the shortest way: to a macro, to another template of the same language, and to text that is to be escaped.
"""

from collections.abc import Callable, Iterator, MutableMapping
from functools import lru_cache, partial
from types import FunctionType
from typing import Any

from flask.templating import Environment
from jinja2 import nodes
from jinja2.environment import Template, TemplateModule
from jinja2.runtime import Context, Macro
from jinja2.visitor import NodeTransformer
from markupsafe import Markup, _escape_inner, escape  # type: ignore[attr-defined] # the quick half of escape

from lms.kernel import i18n

# Components that show nothing but their arguments: no reader, no request, no token.
DRAWN_EARLY = frozenset(f"components/{name}.html" for name in ("badge", "button", "empty", "icon", "notice"))


# Those of them that a list draws in every row, of a few kinds.
DRAWN_ONCE = frozenset(("components/badge.html", "components/icon.html"))


def _drawn_once(macro: Macro) -> Callable[..., str]:
    """Return a component that remembers what it drew; text and markup of the same signs are different (`typed`)."""
    kept = lru_cache(2_000, typed=True)(macro)

    def drawn(*arguments: Any, **named: Any) -> str:
        return kept(*arguments, **named)

    return drawn


def _escaped(value: Any) -> str:
    """Return what is written for a value: the text alone, since it is only joined to other text."""
    if type(value) is str:
        return _escape_inner(value)
    if type(value) is int:
        return str(value)
    return value if type(value) is Markup else escape(value)


def _whole(block: Callable[[Context], Iterator[str]]) -> Callable[[Context], Iterator[str]]:
    """Return a block that gives itself in one piece: each of hundreds would be handed on by every template around it."""

    def whole(context: Context) -> Iterator[str]:
        yield "".join(block(context))

    return whole


class _Context(Context):
    def call(__self, __called: Callable[..., Any], *arguments: Any, **named: Any) -> Any:  # noqa: N805 - any name may be an argument's
        """Call a macro or a plain function without asking first what it wants to be told."""
        if type(__called) is not Macro and (type(__called) is not FunctionType or hasattr(__called, "jinja_pass_arg")):
            return super().call(__called, *arguments, **named)
        named.pop("_block_vars", None)
        named.pop("_loop_vars", None)
        return __called(*arguments, **named)


class _Template(Template):
    @classmethod
    def _from_namespace(cls, environment: Any, namespace: MutableMapping[str, Any], globals: MutableMapping[str, Any]) -> Template:  # noqa: A002
        namespace["escape"] = _escaped
        namespace["Markup"] = partial(str.__new__, Markup)  # of what is a text already
        namespace["blocks"] = {name: _whole(block) for name, block in namespace["blocks"].items()}
        return super()._from_namespace(environment, namespace, globals)

    def _get_default_module(self, ctx: Context | None = None) -> TemplateModule:  # noqa: ARG002
        """Return the macros without looking for globals of the importing page's own: no page has any."""
        if self._module is None:
            self._module = self.make_module()
            if self.name in DRAWN_ONCE:
                for name, macro in [(name, one) for name, one in vars(self._module).items() if type(one) is Macro]:
                    setattr(self._module, name, _drawn_once(macro))
        return self._module


class FoldingEnvironment(Environment):
    """An environment with a twin for each further language; the page's language chooses."""

    template_class = _Template
    context_class = _Context
    language = "zh"
    _twins: dict[str, "FoldingEnvironment"]

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._twins = {self.language: self}
        self._within: dict[str, Template] = {}

    def get_template(self, name: Any, parent: str | None = None, globals: Any = None) -> Template:  # noqa: A002 - Jinja's name
        """Return a template; one that another uses is in that one's language, and found at once."""
        if parent is None or globals is not None or self.auto_reload:
            return super().get_template(name, parent, globals)
        found = self._within.get(name)
        if found is None:
            found = self._within[name] = super().get_template(name, parent)
        return found

    def _load_template(self, name: str, globals: Any) -> Template:  # noqa: A002 - Jinja's name
        language = i18n.current_locale()
        if language == self.language:
            return super()._load_template(name, globals)
        twin = self._twins.get(language)
        if twin is None:
            twin = self.overlay()
            twin.language, twin._within = language, {}
            self._twins[language] = twin
        return twin._load_template(name, globals)

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        tree = super()._parse(source, name, filename)
        folded: nodes.Template = _Folding(self, name).visit(tree)
        return folded


class _Folding(NodeTransformer):
    def __init__(self, environment: FoldingEnvironment, name: str | None) -> None:
        self._environment = environment
        autoescape = environment.autoescape
        self._text = Markup if (autoescape(name) if callable(autoescape) else autoescape) else str
        self._macros: dict[str, Any] = {"asset": environment.globals.get("asset")}

    def visit_FromImport(self, node: nodes.FromImport) -> nodes.Node:  # noqa: N802 - Jinja's names
        """Remember what is drawn early under which name."""
        if isinstance(node.template, nodes.Const) and node.template.value in DRAWN_EARLY:
            component = self._environment.get_template(node.template.value).module
            for each in node.names:
                name, alias = each if isinstance(each, tuple) else (each, each)
                self._macros[alias] = getattr(component, name)
        return node

    def visit_CallBlock(self, node: nodes.CallBlock) -> nodes.Node:  # noqa: N802 - Jinja's names
        """Leave the call itself, which has a body."""
        call, node.call = node.call, nodes.Call(nodes.Const(None), [], [], None, None)
        self.generic_visit(node)
        node.call = self.generic_visit(call)  # type: ignore[assignment]
        return node

    def visit_Call(self, node: nodes.Call) -> nodes.Node:  # noqa: N802 - Jinja's names
        """Replace a call whose answer is known."""
        self.generic_visit(node)
        name = node.node.name if isinstance(node.node, nodes.Name) else ""
        if node.dyn_args or node.dyn_kwargs:
            return node
        if name == "_":
            return self._sentence(node)
        macro = self._macros.get(name)
        if macro is None:
            return node
        try:
            return self._constant(node, macro(*(one.as_const() for one in node.args), **{one.key: one.value.as_const() for one in node.kwargs}))
        except nodes.Impossible:
            return node

    def _sentence(self, node: nodes.Call) -> nodes.Node:
        if len(node.args) != 1 or not isinstance(node.args[0], nodes.Const):
            return node
        text = self._text(i18n.gettext(node.args[0].value))
        if not node.kwargs:
            return self._constant(node, text % {})
        facts = nodes.Dict([nodes.Pair(nodes.Const(one.key), one.value) for one in node.kwargs])
        made = nodes.Mod(self._constant(node, text), facts, lineno=node.lineno)
        return made.set_environment(self._environment)

    def _constant(self, node: nodes.Node, value: object) -> nodes.Node:
        return nodes.Const(value, lineno=node.lineno, environment=self._environment)
