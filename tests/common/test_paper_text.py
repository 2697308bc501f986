"""A page as plain text: every line within the paper, nothing that only a printer understands."""

from teraa.common.paper import Cell, Columns, Cut, Drawer, Feed, Page, Qr, Rule, Text
from teraa.common.paper_text import page_as_text


def test_it_writes_what_the_printer_would_put_on_paper():
    page = Page(
        32,
        (
            Drawer(),
            Text("Café", align="center", bold=True, double=True),
            Text("à droite", align="right"),
            Rule(),
            Columns((Cell("Thé", "left", 3), Cell("1,50", "right", 1))),
            Feed(1),
            Qr("ark:x"),
            Feed(2),
            Cut(),
        ),
    )

    assert page_as_text(page).splitlines() == [
        "Café".center(32).rstrip(),
        "à droite".rjust(32),
        "-" * 32,
        "Thé" + "1,50".rjust(29),
        "",
        "[ark:x]".center(32).rstrip(),
    ]


def test_large_letters_need_twice_the_room():
    page = Page(32, (Text("neuf lettres de plus", double=True),))

    assert page_as_text(page).splitlines() == ["neuf lettres de", "plus"]
