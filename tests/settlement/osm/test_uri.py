"""Payment links: written as OSMOSE's wallet reads them, read without ever guessing an amount."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from teraa.settlement.osm.amounts import MAX_UNITS
from teraa.settlement.osm.uri import NotAPaymentLink, PaymentLink, build, parse

SHOP = "odXF2Zix4KpiSgMYvXHCzWh4BR4yvcoanY"


def test_it_writes_the_form_osmoses_wallet_reads():
    link = build(address=SHOP, units=1250000000, vendor_field="OS-7Q4K")
    assert link == f"ark:{SHOP}?amount=12.5&vendorField=OS-7Q4K"


def test_it_escapes_what_would_break_the_query():
    link = build(address=SHOP, units=1, vendor_field="a&b=c d%", label="Café 1+1")
    assert link == (
        f"ark:{SHOP}?amount=0.00000001&vendorField=a%26b%3Dc%20d%25&label=Caf%C3%A9%201%2B1"
    )


@given(st.integers(min_value=1, max_value=MAX_UNITS), st.text(max_size=40), st.text(max_size=20))
def test_it_reads_back_what_it_wrote(units, memo, label):
    memo = memo.encode("utf-8", "replace").decode()
    label = label.encode("utf-8", "replace").decode()
    link = build(address=SHOP, units=units, vendor_field=memo, label=label)
    assert parse(link, 115) == PaymentLink(SHOP, units, memo, label)


@pytest.mark.parametrize(
    "text",
    [
        f"ARK:{SHOP}?AMOUNT=3&VendorField=OS-1&label=Bar&nethash=abc&fee=0.1&relay=x&flag",
        f"  ark:{SHOP}?vendorfield=OS-1&amount=3.00&amount=3.00&label=Bar\n",
        f"ark://{SHOP}/?amount=3&vendorField=OS-1&label=Bar#top",
    ],
)
def test_it_is_lenient_about_case_label_and_unknown_parameters(text):
    assert parse(text, 115) == PaymentLink(SHOP, 300000000, "OS-1", "Bar")


def test_it_reads_a_link_that_leaves_the_amount_to_the_payer():
    assert parse(f"ark:{SHOP}") == PaymentLink(SHOP, None, "", "")


@pytest.mark.parametrize(
    "amount",
    [
        "",
        "0",
        "0.0",
        "1,5",
        "1e2",
        "-1",
        "+1",
        "1.123456789",
        "1 000",
        "%201",
        "NaN",
        "99999999999999",
    ],
)
def test_it_refuses_an_amount_it_would_have_to_guess(amount):
    with pytest.raises(NotAPaymentLink):
        parse(f"ark:{SHOP}?amount={amount}")


@pytest.mark.parametrize(
    "text",
    [
        "",
        SHOP,
        f"bitcoin:{SHOP}?amount=1",
        f"ark:{SHOP[:-1]}?amount=1",
        f"ark:transfer?recipient={SHOP}&amount=1",
        f"ark:{SHOP}?amount=1&amount=2",
    ],
)
def test_it_refuses_other_links(text):
    with pytest.raises(NotAPaymentLink):
        parse(text)


def test_it_refuses_an_address_of_another_network():
    with pytest.raises(NotAPaymentLink, match="another network"):
        parse(f"ark:{SHOP}?amount=1", 23)


@pytest.mark.parametrize("units", [0, -1, 2**63])
def test_it_never_writes_an_amount_no_wallet_could_send(units):
    with pytest.raises(NotAPaymentLink):
        build(address=SHOP, units=units)
