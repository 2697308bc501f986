"""Member files: three shapes, two separators, two encodings, one result."""

from __future__ import annotations

import pytest

from pos.amap.cagette.members import FIELDS, UnknownShape, read_members
from pos.amap.cagette.tables import BOM, NotATable
from tests.pos.amap.files import CAGETTE_LIST, CAMAP_LIST, MEMBERS, expected, sample

THEIR_NAMES = dict(
    zip(
        FIELDS,
        (
            *("firstName", "lastName", "email", "phone"),
            *("firstName2", "lastName2", "email2", "phone2"),
            *("address1", "address2", "zipCode", "city"),
        ),
        strict=True,
    )
)


def as_expected(data: bytes) -> list[dict[str, str | None]]:
    members = read_members(data).members
    assert all(member.faults == () for member in members)
    return [
        {THEIR_NAMES[name]: value or None for name, value in member.values.items()}
        for member in members
    ]


def by_email(rows: list[dict[str, str | None]]) -> list[dict[str, str | None]]:
    return sorted(rows, key=lambda row: row["email"] or "")


def test_it_reads_the_twelve_columns_as_expected():
    assert as_expected(sample(MEMBERS)) == expected()[MEMBERS]


def test_commas_and_latin_1_make_no_difference():
    assert as_expected(sample("import-membres-virgule.csv")) == expected()[MEMBERS]
    assert as_expected(sample("import-membres-latin1.csv")) == expected()[MEMBERS][1:2]


@pytest.mark.parametrize(("name", "shape"), [(CAGETTE_LIST, "cagette"), (CAMAP_LIST, "camap")])
def test_the_exported_lists_are_recognised_and_give_the_same_members(name, shape):
    read = read_members(sample(name))

    assert read.shape == shape
    assert by_email(as_expected(sample(name))) == by_email(expected()[MEMBERS])
    assert {member.number for member in read.members} == {9001, 9002, 9003}


def test_a_thirteenth_column_and_the_header_words_do_not_matter():
    lines = sample(MEMBERS).decode().splitlines()
    other = ["a;b;c;d;e;f;g;h;i;j;k;l;remarque", *(f"{line};à rappeler" for line in lines[1:])]

    assert as_expected("\n".join(other).encode()) == expected()[MEMBERS]


def test_marks_at_either_end_and_windows_line_ends_do_not_matter():
    data = BOM + sample(MEMBERS).decode().replace("\n", "\r\n") + BOM

    assert as_expected(data.encode()) == expected()[MEMBERS]


def test_windows_letters_that_latin_1_lacks_are_read():
    data = "prénom;nom;E-mail\nCœur;Œillet;a@example.org\n".encode("cp1252")

    assert read_members(data).members[0].values["last_name"] == "ŒILLET"


def test_what_is_missing_or_wrong_is_named_with_its_line():
    data = (
        "prénom;nom;E-mail;téléphone\n"
        ";SEUL;seul@example.org\n"
        "Ana;DEUX;pas-une-adresse\n"
        "Eva;TROIS;trois@example.org;01 99 00 00 01\n"
        "Ivo;QUATRE;TROIS@example.org\n"
        f"{'x' * 33};CINQ;cinq@example.org\n"
    ).encode()

    faults = {
        one.line: [(f.code, f.what) for f in one.faults] for one in read_members(data).members
    }

    assert faults == {
        2: [("missing", "first_name")],
        3: [("bad_email", "pas-une-adresse")],
        4: [],
        5: [("twice", "trois@example.org (4)")],
        6: [("too_long", "first_name")],
    }


def test_values_are_normalised_as_both_programs_do():
    data = ("prénom;nom;E-mail;téléphone\nzoé;d'essai;Zoe@Example.ORG;1 99 00 00 01\n").encode()
    values = read_members(data).members[0].values

    assert values["first_name"] == "Zoé"
    assert values["last_name"] == "D'ESSAI"
    assert values["email"] == "zoe@example.org"
    assert values["phone"] == "0199000001", "a spreadsheet took its first zero"


def test_a_quoted_line_break_and_doubled_quotes_are_read():
    data = (
        'prénom;nom;E-mail;;;;;;adresse1\nZoé;"DU ""BOIS""";z@example.org;;;;;;"1 rue A\nBât. B"\n'
    )
    values = read_members(data.encode()).members[0].values

    assert values["last_name"] == 'DU "BOIS"'
    assert values["address1"] == "1 rue A Bât. B"


def test_null_is_nothing_and_empty_rows_are_dropped():
    data = b"a;b;c\nnull;NULL;\n;;\nseul\nZ;E;z@example.org\n"

    assert [one.line for one in read_members(data).members] == [5]


def test_it_refuses_a_list_with_ids_that_it_does_not_know():
    with pytest.raises(UnknownShape):
        read_members(b"id;nom;courriel\n1;A;a@example.org\n")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b"\xef\xbb\xbf\n\n", "empty"),
        (b"PK\x03\x04 a workbook", "spreadsheet"),
        (b"a;b\n\x00;1\n", "not_text"),
        ("a;b\n".encode("utf-16"), "not_text"),
        (b"x" * (4 * 1024 * 1024 + 1), "too_large"),
        (b"a;b\n" + b"1;2\n" * 5001, "too_many_rows"),
        (b"a;b\n" + b"1;" * 61 + b"2\n", "too_many_columns"),
    ],
)
def test_it_refuses_what_is_no_such_file(data, reason):
    with pytest.raises(NotATable) as refused:
        read_members(data)

    assert refused.value.reason == reason


def test_an_open_quote_does_not_swallow_the_file():
    data = 'a;b;c\n"jamais;fermé;x@example.org\n' + "A;B;c@example.org\n" * 3000

    assert len(read_members(data.encode()).members) >= 2900
