"""QR codes for pages."""

import io

import segno


def picture(address: str) -> str:
    """Return an address as an SVG to stand in a page: dark on white in either theme, so that every camera reads it."""
    drawn = io.BytesIO()
    segno.make(address, error="m", micro=False).save(drawn, kind="svg", scale=5, border=3, light="#fff", xmldecl=False, svgclass="qr", lineclass=None)
    return drawn.getvalue().decode()
