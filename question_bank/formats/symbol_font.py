"""The signs that the letters of the fonts Symbol and Wingdings show."""

_SYMBOL = {
    0x20: " !∀#∃%&∋()∗+,−./0123456789:;<=>?≅ΑΒΧΔΕΦΓΗΙϑΚΛΜΝΟΠΘΡΣΤΥςΩΞΨΖ[∴]⊥_‾αβχδεφγηιϕκλμνοπθρστυϖωξψζ{|}∼",
    0xA0: "€ϒ′≤⁄∞ƒ♣♦♥♠↔←↑→↓°±″≥×∝∂•÷≠≡≈…⏐⎯↵ℵℑℜ℘⊗⊕∅∩∪⊃⊇⊄⊂⊆∈∉∠∇®©™∏√⋅¬∧∨⇔⇐⇑⇒⇓◊⟨®©™∑⎛⎜⎝⎡⎢⎣⎧⎨⎩⎪",
    0xF1: "⟩∫⌠⎮⌡⎞⎟⎠⎤⎥⎦⎫⎬⎭",
}
_SIGNS = {begin + at: sign for begin, signs in _SYMBOL.items() for at, sign in enumerate(signs)}
_DINGBATS = dict(zip((0xFC, 0xFB, 0xFE, 0xFD, 0xA8, 0x6F, 0xA3, 0x50, 0x52, 0x4F, 0x53, 0xD0), "√×☑☒□□□√☑×☒√", strict=True))
_DINGBATS |= dict(zip(range(0x80, 0x96), "⓪①②③④⑤⑥⑦⑧⑨⑩⓿❶❷❸❹❺❻❼❽❾❿", strict=True))
_DINGBATS |= dict(zip((0x6C, 0x6E, 0xDF, 0xE0, 0xE1, 0xE2, 0xF0), "●■←→↑↓⇒", strict=True))
_GREEK = {code: sign for code, sign in _SIGNS.items() if chr(code).isascii() and chr(code).isalpha()}


def sign(font: str, code: int) -> str | None:
    """Return the sign that stands in one of the two fonts at a code, which files raise by F000; None of others."""
    name = font.lower()
    return _SIGNS.get(code & 0xFF) if name == "symbol" else _DINGBATS.get(code & 0xFF) if name.startswith("wingdings") else None


def greek(words: str) -> str:
    """Return what letters show in the font Symbol."""
    return words.translate(_GREEK)
