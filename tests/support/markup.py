"""Markup that would run a script if anything let it through: every element and handler, in every disguise."""

from collections.abc import Iterator
from itertools import cycle, islice

CODE = "window.hacked=1"
_HANDLERS = "onerror onload onfocus onmouseover onclick onanimationstart ontoggle onpointerenter onbegin onstart oncut onscroll onwheel ontransitionend onplay"
_ELEMENTS = (
    "img src=x|svg|body|iframe|video src=x|audio src=x|input autofocus|details open|select autofocus|marquee|object data=x|embed src=x|math|table"
    "|td|b|sub|code|p|textarea autofocus|keygen autofocus|svg><animate|svg><set|math><mtext><mglyph|form><button|a href=x|style"
    "|link rel=stylesheet href=x|base href=x"
)
_WHOLE = r"""
<script>{code}</script>
<script src=data:text/javascript,{code}></script>
<SCRIPT/x>{code}</SCRIPT>
<scr<script>ipt>{code}</scr</script>ipt>
<a href=javascript:{code}>x</a>
<a href='java&Tab;script:{code}'>x</a>
<a href=&#106;avascript:{code}>x</a>
<iframe srcdoc='<script>parent.hacked=1</script>'>
<form action=javascript:{code}><button>x</button></form>
<math href=javascript:{code}>x</math>
<svg><use href='data:image/svg+xml,<svg onload={code}>'/></svg>
<math><annotation-xml encoding=text/html><script>{code}</script></annotation-xml></math>
<math><mi><img src=x onerror={code}></mi></math>
<noscript><p title='</noscript><img src=x onerror={code}>'>
<template><script>{code}</script></template>
<style>@import 'data:,x';</style><b onclick={code}>x</b>
<table><td><svg onload={code}></table>
<b><p><b onclick={code}>x</b></p>
\(\text{{<img src=x onerror={code}>}}\)
\(\href{{javascript:{code}}}{{x}}\)
<math><semantics><mi>x</mi><annotation encoding='text/html'><img src=x onerror={code}></annotation></semantics></math>
<!--><img src=x onerror={code}>-->
![x](picture:javascript:{code})
[[1]]<img src=x onerror={code}>
<td colspan="2" onclick={code}>x</td>
<meta http-equiv=refresh content='0;url=javascript:{code}'>
&lt;img src=x onerror={code}&gt;
&amp;lt;script>{code}&amp;lt;/script>
{{{{7*7}}}}{{% print(1) %}}<img src=x onerror={code}>
'"><img src=x onerror={code}>
</textarea><script>{code}</script>
</title><script>{code}</script>
</script><script>{code}</script>
<xmp><p title='</xmp><img src=x onerror={code}>'>
"""
_DISGUISES = (
    lambda text: text,
    str.upper,
    lambda text: text.replace(" ", "/"),
    lambda text: text.replace("=", "\t=\n"),
    lambda text: text.replace("<", "&lt;"),
    lambda text: text.replace("<", "&#60;"),
    lambda text: text.replace("<", "<<"),
    lambda text: text.replace("<", "＜"),
    lambda text: text.removesuffix(">"),
    lambda text: f'x" {text} y="',
)


def payloads() -> Iterator[str]:
    """Yield every payload once."""
    whole = [each.format(code=CODE) for each in _WHOLE.strip().splitlines()]
    handled = [f"<{element} {handler}={CODE}>" for element, handler in zip(_ELEMENTS.split("|") * 3, cycle(_HANDLERS.split()), strict=False)]
    yield from dict.fromkeys(disguise(text) for disguise in _DISGUISES for text in (*whole, *handled))


def some(count: int) -> list[str]:
    """Return so many payloads, of all kinds."""
    every = list(payloads())
    return list(islice(every[:: max(1, len(every) // count)], count))


RAN = r"""() => {
  const address = /^(href|src|action|formaction|xlink:href|srcdoc)$/, live = /^[\s\u0000-\u0020]*(javascript|data:text)/i;
  const runs = ({name, value}) => name.startsWith('on') || (address.test(name) && live.test(value));
  return [window.hacked ?? 0, [...document.querySelectorAll('*')].filter(each => [...each.attributes].some(runs)).length];
}"""
