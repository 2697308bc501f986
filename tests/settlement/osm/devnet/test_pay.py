"""The development wallet: signs a link and posts it, and says why when it does not."""

from __future__ import annotations

import pytest

from teraa.settlement.osm import uri
from teraa.settlement.osm.addresses import address_of_passphrase
from teraa.settlement.osm.devnet.wallet import WalletRefused

COIN = 10**8
ELSEWHERE = address_of_passphrase("a shop on another network", 23)


def test_it_pays_a_link(node, ask, shop):
    demo = node.demo_wallet
    before = demo.balance()
    paid = demo.pay(f"ark:{shop}?amount=125.5&vendorField=OS-7Q4K&label=Bar")
    assert demo.balance() == before, "only confirmed coins count"
    node.forge()
    assert demo.balance() == before - 12_650_000_000
    shown = ask(node, f"/transactions/{paid}").json()["data"]
    assert (shown["amount"], shown["vendorField"]) == ("12550000000", "OS-7Q4K")
    assert shown["sender"] == demo.address
    assert node.wallet("merchant one").balance() == 12_550_000_000


def test_it_makes_two_payments_of_a_button_pressed_twice(node, shop):
    link = uri.build(address=shop, units=COIN, vendor_field="OS-1")
    first, second = node.demo_wallet.pay(link), node.demo_wallet.pay(link)
    assert first != second
    assert node.forge().number_of_transactions == 2


def test_it_lets_a_paid_wallet_pay_on(node, shop):
    merchant = node.wallet("merchant one")
    assert merchant.address == shop
    node.pay(shop, 3 * COIN, forge=True)
    merchant.send(address=node.address("a supplier"), units=COIN, vendor_field="thanks")
    node.forge()
    assert merchant.balance() == COIN
    assert node.wallet("a supplier").balance() == COIN


@pytest.mark.parametrize(
    ("link", "error", "why"),
    [
        ("ark:{shop}", WalletRefused, "asks for no amount"),
        ("ark:{shop}?amount=1&vendorField=" + "x" * 256, WalletRefused, "longer than 255 bytes"),
        ("ark:{shop}?amount=99999999", WalletRefused, "Insufficient balance"),
        ("ark:{shop}?amount=1,5", uri.NotAPaymentLink, "amount"),
        (f"ark:{ELSEWHERE}?amount=1", uri.NotAPaymentLink, "of another network"),
    ],
)
def test_it_says_why_it_does_not_pay(idle_node, shop, link, error, why):
    with pytest.raises(error, match=why):
        idle_node.demo_wallet.pay(link.format(shop=shop))


def test_it_names_the_nodes_reason(idle_node, shop):
    with pytest.raises(WalletRefused) as refused:
        idle_node.demo_wallet.send(address=shop, units=1, fee=1)
    assert refused.value.kind == "ERR_LOW_FEE"
    with pytest.raises(WalletRefused) as refused:
        idle_node.wallet("a poor one").send(address=shop, units=1)
    assert refused.value.kind == "ERR_APPLY"


def test_it_refuses_an_address_of_no_network(idle_node):
    with pytest.raises(WalletRefused, match="no address of this network"):
        idle_node.demo_wallet.send(address="nobody", units=1)
