"""A page spelt in ESC/POS. The only file that imports python-escpos.

`encode` is a pure function of the page and the printer's profile. Each job begins by resetting the
printer and choosing its character table: a printer that lost power in between has forgotten both.
"""

from __future__ import annotations

import tempfile
from typing import Final

import segno
from PIL import Image

from teraa.common.paper import (
    Block,
    Cell,
    Columns,
    Cut,
    Drawer,
    Feed,
    Page,
    Qr,
    Rule,
    Text,
    lay_out_columns,
    wrap,
)
from teraa.devices.profiles import Profile, encode_text, spell

# On import python-escpos makes a temporary directory for a copy of its model table and leaves it
# behind, one at every start. Have it made inside one that we take away.
with tempfile.TemporaryDirectory(prefix="escpos-") as _shelter:
    _usual = tempfile.tempdir
    tempfile.tempdir = _shelter
    try:
        from escpos.constants import (
            CODEPAGE_CHANGE,
            CTL_LF,
            DC4,
            DLE,
            EOT,
            ESC,
            FS,
            GS,
            PAPER_FULL_CUT,
            PAPER_PART_CUT,
            QR_ECLEVEL_M,
        )
        from escpos.printer import Dummy
    finally:
        tempfile.tempdir = _usual

# A model of python-escpos's table for each width: it checks that a raster fits the head.
_MODELS: Final = {32: "POS-5890", 42: "TM-T88V", 48: "TM-T20II"}
_USA: Final = ESC + b"R\x00"  # with the French national set, @ { } print as à é è
_KANJI_OFF: Final = FS + b"."
_FEED_TO_KNIFE: Final = 6  # lines between the print head and the knife
_FEED_AND_CUT: Final = GS + b"VB\x00"
QR_QUIET_MODULES: Final = 4
CONNECTORS: Final = {2: b"\x00", 5: b"\x01"}

# Asked after the cut: answered in buffer order, so only once everything before it was processed.
ASK_PROOF: Final = GS + b"r\x01"


def ask_status(kind: int) -> bytes:
    """The real-time question `DLE EOT kind`: 1 printer, 2 cause, 3 error, 4 paper."""
    return bytes(DLE + EOT + bytes((kind,)))


def kick_now(pin: int) -> bytes:
    """The real-time drawer pulse, obeyed even while the buffer is blocked by a paper end."""
    return bytes(DLE + DC4 + b"\x01" + CONNECTORS[pin] + b"\x01")


def encode(page: Page, profile: Profile) -> bytes:
    """Return the bytes that print `page` on a printer of this profile.

    Lines are laid out for the printer's width, whatever width the page was composed for.
    """
    device = Dummy(profile=_MODELS[profile.width_columns])
    device.hw("INIT")
    if profile.cancel_kanji:
        device._raw(_KANJI_OFF)
    device._raw(_USA)
    device._raw(CODEPAGE_CHANGE + bytes((profile.code_page_slot,)))
    for block in page.blocks:
        _write(device, block, profile)
    return bytes(device.output)


def _write(device: Dummy, block: Block, profile: Profile) -> None:
    match block:
        case Text():
            _write_text(device, block, profile)
        case Columns():
            _write_columns(device, block, profile)
        case Rule():
            _write_lines(device, ["-" * profile.width_columns], profile)
        case Qr():
            _write_qr(device, block, profile)
        case Feed(lines):
            device.print_and_feed(lines)
        case Cut(partial):
            _write_cut(device, partial, profile)
        case Drawer(pin):
            # A page says the usual pin 2; the profile knows how this drawer is wired.
            device.cashdraw(profile.drawer_pin if pin == 2 else pin)


def _write_lines(device: Dummy, lines: list[str], profile: Profile) -> None:
    for line in lines:
        device._raw(encode_text(line, profile.code_page) + CTL_LF)


def _write_columns(device: Dummy, block: Columns, profile: Profile) -> None:
    width = profile.width_columns // 2 if block.double else profile.width_columns
    cells = [Cell(spell(c.text, profile.code_page), c.align, c.weight) for c in block.cells]
    lines = [line.rstrip() for line in lay_out_columns(cells, width)]
    _write_styled(device, lines, profile, bold=block.bold, double=block.double)


def _write_text(device: Dummy, block: Text, profile: Profile) -> None:
    width = profile.width_columns // 2 if block.double else profile.width_columns
    lines = wrap(spell(block.text, profile.code_page), width)
    if block.align != "left":
        device.set(align=block.align)
    _write_styled(device, lines, profile, bold=block.bold, double=block.double)
    if block.align != "left":
        device.set(align="left")


def _write_styled(
    device: Dummy, lines: list[str], profile: Profile, *, bold: bool, double: bool
) -> None:
    if double:
        device.set(double_width=True, double_height=True)
    if bold:
        device.set(bold=True)
    _write_lines(device, lines, profile)
    if double:
        device.set(normal_textsize=True)
    if bold:
        device.set(bold=False)


def _write_qr(device: Dummy, block: Qr, profile: Profile) -> None:
    code = segno.make_qr(block.data, error="m", encoding="utf-8", boost_error=False)
    modules = int(code.symbol_size(border=0)[0])
    # Larger than the paper, a printer prints nothing at all: shrink the modules until it fits.
    size = max(1, min(block.size, profile.dots // (modules + 2 * QR_QUIET_MODULES)))
    if profile.qr == "native":
        # A printer adds no white of its own, and no phone reads a code without it.
        device.print_and_feed(1)
        device.set(align="center")
        device.qr(block.data, ec=QR_ECLEVEL_M, size=size, native=True)
        device.set(align="left")
        device.print_and_feed(1)
        return
    # Centred by its own white margin: not every printer aligns a raster.
    side = modules * size
    image = Image.new("1", (profile.dots, side + 2 * QR_QUIET_MODULES * size), 1)
    left, top = (profile.dots - side) // 2, QR_QUIET_MODULES * size
    for row, line in enumerate(code.matrix):
        for column, dark in enumerate(line):
            if dark:
                box = (left + column * size, top + row * size)
                image.paste(0, (*box, box[0] + size, box[1] + size))
    device.image(image, impl="bitImageRaster")


def _write_cut(device: Dummy, partial: bool, profile: Profile) -> None:
    if profile.cut == "none":
        device.print_and_feed(_FEED_TO_KNIFE)
    elif profile.cut == "feed":
        device._raw(_FEED_AND_CUT)
    else:
        device.print_and_feed(_FEED_TO_KNIFE)
        device._raw(PAPER_PART_CUT if partial and profile.cut == "partial" else PAPER_FULL_CUT)
