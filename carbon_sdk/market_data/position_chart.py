"""An account's position as bars: in a terminal, and as a PNG. Whole numbers only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from carbon_sdk.errors import CarbonError

_WIDTH, _LEFT, _RIGHT, _ROW, _TOP = 900, 210, 150, 44, 60
_PAPER, _INK, _QUIET, _LINE = "#ffffff", "#1f2933", "#616e7c", "#cbd2d9"
COLOURS = {"owes": "#334e68", "gave": "#2f855a", "has": "#68a691", "lacks": "#c53030"}
_GLYPHS = {"owes": "█", "gave": "█", "has": "▓", "lacks": "░"}


class PicturesMissing(CarbonError):
    """Pictures in files need the library Pillow."""

    exit_code = 2

    def __init__(self) -> None:
        super().__init__("PNG files need Pillow. Install carbon-sdk[print], or take --chart.")


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar.

    Attributes:
        label: Beside it.
        tonnes: Its length.
        kind: `owes`, `gave`, `has` or `lacks`: its colour; the label says the same.
    """

    label: str
    tonnes: int
    kind: str


def terminal_chart(bars: Sequence[Bar], width: int = 48) -> list[str]:
    """A line a bar; the longest fills the width, and what is not nothing has a glyph at least."""
    most = max([bar.tonnes for bar in bars], default=0)
    labels = max([len(bar.label) for bar in bars], default=0)
    figures = max([len(f"{bar.tonnes:,}") for bar in bars], default=0)
    lines = []
    for bar in bars:
        length = max(1, bar.tonnes * width // most) if bar.tonnes else 0
        drawn = _GLYPHS[bar.kind] * length
        lines.append(f"{bar.label:<{labels}}  {bar.tonnes:>{figures},} t  {drawn}")
    return lines


def write_png(path: Path, title: str, bars: Sequence[Bar], below: str = "") -> None:
    """Draw the bars into a file.

    Raises:
        PicturesMissing: Pillow is not installed.
    """
    try:
        from PIL import Image, ImageDraw, ImageFont
    except ImportError:
        raise PicturesMissing from None
    height = _TOP + _ROW * len(bars) + 44
    image = Image.new("RGB", (_WIDTH, height), _PAPER)
    pen = ImageDraw.Draw(image)
    large, plain = ImageFont.load_default(20), ImageFont.load_default(15)
    pen.text((20, 16), title, fill=_INK, font=large)
    most = max([bar.tonnes for bar in bars], default=0)
    room = _WIDTH - _LEFT - _RIGHT
    pen.line((_LEFT, _TOP - 6, _LEFT, height - 40), fill=_LINE, width=1)
    for number, bar in enumerate(bars):
        top = _TOP + _ROW * number
        length = max(2, bar.tonnes * room // most) if bar.tonnes else 0
        pen.text((20, top + 8), bar.label, fill=_INK, font=plain)
        if length:
            pen.rectangle((_LEFT, top + 4, _LEFT + length, top + _ROW - 12), fill=COLOURS[bar.kind])
        pen.text((_LEFT + length + 10, top + 8), f"{bar.tonnes:,} t", fill=_INK, font=plain)
    pen.text((20, height - 32), below, fill=_QUIET, font=plain)
    image.save(path, "PNG")
