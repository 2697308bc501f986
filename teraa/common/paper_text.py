"""A page as plain text: what the printer would put on paper, for screens and comparisons."""

from __future__ import annotations

from teraa.common.paper import Block, Columns, Feed, Page, Qr, Rule, Text, lay_out_columns, wrap


def page_as_text(page: Page) -> str:
    """The lines of a page, none longer than the paper; codes are named, cuts and drawers are not."""
    lines: list[str] = []
    for block in page.blocks:
        lines += _lines(block, page.width_columns)
    return "\n".join(line.rstrip() for line in lines).rstrip() + "\n"


def _lines(block: Block, width: int) -> list[str]:
    if isinstance(block, Text):
        # Letters twice as large: half as many on a line.
        return [
            _aligned(line, block.align, width)
            for line in wrap(block.text, width // 2 if block.double else width)
        ]
    if isinstance(block, Columns):
        return lay_out_columns(block.cells, width // 2 if block.double else width)
    if isinstance(block, Rule):
        return ["-" * width]
    if isinstance(block, Feed):
        return [""] * block.lines
    if isinstance(block, Qr):
        return [_aligned(f"[{block.data}]", "center", width)]
    return []


def _aligned(line: str, align: str, width: int) -> str:
    return (
        line.rjust(width) if align == "right" else line.center(width) if align == "center" else line
    )
