"""The paper that comes out of the fake printer: a picture, the words on it, and what went with it."""

from __future__ import annotations

import importlib.resources
from dataclasses import dataclass, field
from functools import lru_cache
from io import BytesIO
from typing import Final, Literal

import segno
from PIL import Image, ImageDraw, ImageFont

Align = Literal["left", "center", "right"]

CELL_WIDTH: Final = 12  # dots of one character of font A
CELL_HEIGHT: Final = 24
LINE_SPACING: Final = 30
SIDE_MARGIN: Final = 28
TOP_MARGIN: Final = 36
KNIFE_DISTANCE: Final = 150  # dots from the print head up to the knife
TOOTH: Final = 8  # the knife's serration
PAPER: Final = (254, 253, 250)
INK: Final = (34, 33, 38)
TABLE: Final = (255, 255, 255, 0)
_FONT_SIZE: Final = 20  # DejaVu Sans Mono advances 12 dots at this size
QR_LEVELS: Final = {48: "l", 49: "m", 50: "q", 51: "h"}


@lru_cache(maxsize=4)
def _font(size: int) -> ImageFont.FreeTypeFont:
    # A bare machine has no fonts, and the one inside Pillow has no é, œ or €. A package the
    # printer library needs anyway carries a whole monospaced one.
    file = importlib.resources.files("barcode") / "fonts" / "DejaVuSansMono.ttf"
    return ImageFont.truetype(BytesIO(file.read_bytes()), size)


@dataclass(frozen=True, slots=True)
class Run:
    """Characters printed in one style."""

    text: str
    bold: bool = False
    wide: bool = False
    tall: bool = False

    @property
    def columns(self) -> int:
        """Columns of font A this run covers."""
        return len(self.text) * (2 if self.wide else 1)


@dataclass(frozen=True, slots=True)
class Line:
    """One printed line."""

    runs: tuple[Run, ...]
    align: Align = "left"

    @property
    def text(self) -> str:
        """The characters of the line."""
        return "".join(run.text for run in self.runs)

    @property
    def columns(self) -> int:
        """Columns of font A the line covers."""
        return sum(run.columns for run in self.runs)

    @property
    def height(self) -> int:
        """Dots the paper advances for it."""
        return LINE_SPACING + (CELL_HEIGHT if any(run.tall for run in self.runs) else 0)


@dataclass(frozen=True, slots=True)
class Gap:
    """Blank paper, in dots."""

    dots: int


@dataclass(frozen=True, slots=True)
class Picture:
    """A bitmap: a raster, or a QR code the printer drew itself."""

    image: Image.Image
    align: Align = "left"


@dataclass
class Strip:
    """What has come out since the last cut."""

    columns: int
    items: list[Line | Gap | Picture] = field(default_factory=list)
    qr: list[str] = field(default_factory=list)
    kicks: list[int] = field(default_factory=list)
    rasters: int = 0
    unknown: list[str] = field(default_factory=list)

    @property
    def blank(self) -> bool:
        """Whether nothing has been put on this piece of paper."""
        return not any(isinstance(item, Line | Picture) for item in self.items)

    @property
    def lines(self) -> list[str]:
        """The words as they stand on the paper, blank lines left out at the end."""
        lines = []
        for item in self.items:
            if isinstance(item, Line):
                lines.append(_placed(item, self.columns))
            elif isinstance(item, Gap):
                lines += [""] * (item.dots // LINE_SPACING)
            else:
                lines.append("[picture]".center(self.columns).rstrip())
        while lines and not lines[-1]:
            lines.pop()
        return lines

    def cut_off(self) -> None:
        """Let go of the blank paper that was only fed to bring the last line past the knife."""
        left = KNIFE_DISTANCE
        while left and self.items and isinstance(last := self.items[-1], Gap):
            self.items.pop()
            if last.dots > left:
                self.items.append(Gap(last.dots - left))
            left -= min(left, last.dots)

    def png(self) -> bytes:
        """Return the picture of the paper."""
        width = self.columns * CELL_WIDTH
        height = sum(_height(item) for item in self.items)
        paper = Image.new("L", (width, max(height, 1)), 255)
        top = 0
        for item in self.items:
            if isinstance(item, Line):
                _draw_line(paper, item, top)
            elif isinstance(item, Picture):
                paper.paste(item.image.convert("L"), (_left(item, width), top))
            top += _height(item)
        out = BytesIO()
        _cut_out(paper).save(out, "PNG")
        return out.getvalue()


def draw_qr(data: bytes, *, module: int, level: int, align: Align) -> Picture:
    """Draw the QR code a printer makes of these bytes, `module` dots a module."""
    code = segno.make_qr(data, error=QR_LEVELS.get(level, "l"), boost_error=False)
    matrix = code.matrix
    image = Image.new("L", (len(matrix), len(matrix)), 255)
    image.putdata([0 if dark else 255 for row in matrix for dark in row])
    side = len(matrix) * module
    return Picture(image.resize((side, side), Image.Resampling.NEAREST), align)


def read_raster(data: bytes) -> Image.Image:
    """Return the bitmap of a `GS v 0` block: mode, width in bytes, height in dots, then the bits."""
    mode = data[0] & 0x03
    row_bytes, height = data[1] + 256 * data[2], data[3] + 256 * data[4]
    bits = bytes(byte ^ 0xFF for byte in data[5:])
    image = Image.frombytes("1", (row_bytes * 8, height), bits).convert("L")
    scale = (2 if mode & 1 else 1, 2 if mode & 2 else 1)
    return image.resize((image.width * scale[0], image.height * scale[1]), Image.Resampling.NEAREST)


def _height(item: Line | Gap | Picture) -> int:
    if isinstance(item, Line):
        return item.height
    return item.dots if isinstance(item, Gap) else item.image.height


def _left(item: Line | Picture, width: int) -> int:
    own = item.columns * CELL_WIDTH if isinstance(item, Line) else item.image.width
    if item.align == "center":
        return max(0, (width - own) // 2)
    return max(0, width - own) if item.align == "right" else 0


def _placed(line: Line, columns: int) -> str:
    indent = _left(line, columns * CELL_WIDTH) // CELL_WIDTH
    return (" " * indent + line.text).rstrip()


def _draw_line(paper: Image.Image, line: Line, top: int) -> None:
    draw = ImageDraw.Draw(paper)
    left = _left(line, paper.width)
    bottom = top + line.height - (LINE_SPACING - CELL_HEIGHT)
    for run in line.runs:
        step = CELL_WIDTH * (2 if run.wide else 1)
        for character in run.text:
            if run.wide or run.tall:
                _draw_large(paper, character, run, left, bottom)
            else:
                place = (left, bottom - CELL_HEIGHT)
                draw.text(place, character, fill=0, font=_font(_FONT_SIZE))
                if run.bold:
                    # Emphasis on a thermal head is the same dots a second time, one to the right.
                    draw.text((place[0] + 1, place[1]), character, fill=0, font=_font(_FONT_SIZE))
            left += step


def _draw_large(paper: Image.Image, character: str, run: Run, left: int, bottom: int) -> None:
    cell = Image.new("L", (CELL_WIDTH * 2, CELL_HEIGHT * 2), 255)
    draw = ImageDraw.Draw(cell)
    for shift in (0, 1, 2) if run.bold else (0,):
        draw.text((shift, 0), character, fill=0, font=_font(_FONT_SIZE * 2))
    size = (CELL_WIDTH * (2 if run.wide else 1), CELL_HEIGHT * (2 if run.tall else 1))
    if size != cell.size:
        cell = cell.resize(size, Image.Resampling.LANCZOS)
    paper.paste(cell, (left, bottom - size[1]))


def _cut_out(print_: Image.Image) -> Image.Image:
    """Lay the print on paper with a margin, tinted as thermal paper is, cut along both ends."""
    size = (print_.width + 2 * SIDE_MARGIN, print_.height + 2 * TOP_MARGIN)
    paper = Image.new("RGBA", size, (*PAPER, 255))
    ink = Image.new("RGBA", print_.size, (*INK, 255))
    paper.paste(ink, (SIDE_MARGIN, TOP_MARGIN), print_.point(lambda value: 255 - value))
    draw = ImageDraw.Draw(paper)
    for left in range(0, size[0], TOOTH):
        edge = size[1] - 1
        middle, right = left + TOOTH // 2, left + TOOTH
        draw.polygon([(left, 0), (right, 0), (middle, TOOTH // 2)], fill=TABLE)
        draw.polygon([(left, edge), (right, edge), (middle, edge - TOOTH // 2)], fill=TABLE)
    return paper
