"""A page becomes a PDF that says the same, and fetches nothing that is not its own."""

import pypdfium2
import pytest

from teraa.common.pdf import ForeignResource, own_file, render_pdf


def text_of(pdf: bytes) -> str:
    document = pypdfium2.PdfDocument(pdf)
    return "\n".join(page.get_textpage().get_text_range() for page in document)


def test_it_says_what_the_page_says(tmp_path):
    (tmp_path / "style.css").write_text("p { color: red }")
    pdf = render_pdf(
        '<link rel="stylesheet" href="style.css"><p>Œuf mayo, 3,90 € — façon Noé</p>',
        base=tmp_path,
    )

    assert pdf.startswith(b"%PDF-")
    assert "Œuf mayo, 3,90 € — façon Noé" in text_of(pdf)


@pytest.mark.parametrize("address", ["http://127.0.0.1:9/", "file:///etc/", "../"])
def test_it_fetches_nothing_from_elsewhere(tmp_path, address):
    """What is outside is left out: the words it would hide are still there."""
    inside = tmp_path / "inside"
    inside.mkdir()
    for folder in (tmp_path, inside):
        (folder / "hide.css").write_text("p { display: none }")
    own, foreign = "hide.css", f"{address}hide.css"

    def shown(sheet: str) -> str:
        return text_of(
            render_pdf(f'<link rel="stylesheet" href="{sheet}"><p>here</p>', base=inside)
        )

    assert "here" not in shown(own)
    assert "here" in shown(foreign)


def test_a_foreign_address_is_refused_by_name(tmp_path):
    for url in ("http://127.0.0.1:9/x.css", "file:///etc/hostname", "data:text/css,p"):
        with pytest.raises(ForeignResource):
            own_file(url, tmp_path)
