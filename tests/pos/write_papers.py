"""Write the golden files of the papers anew, to look at what a change does to them.

DJANGO_SETTINGS_MODULE=teraa.settings .venv/bin/python -m tests.pos.write_papers
"""

from pathlib import Path

import django

GOLDEN = Path(__file__).parent / "golden"


def text_of(lines: list[str]) -> str:
    return "\n".join(line.rstrip() for line in lines) + "\n"


def write_all() -> None:
    from tests.pos import papers

    GOLDEN.mkdir(exist_ok=True)
    for width in (32, 48):
        for name, page in papers.all_papers(width, "en").items():
            text = text_of(papers.printed(page).lines)
            (GOLDEN / f"{name}-{width}.txt").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    django.setup()
    write_all()
