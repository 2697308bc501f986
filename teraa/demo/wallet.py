"""The demonstration's wallet: play money, real signatures, on the development node and nowhere else.

Its phrase is public (teraa.settlement.osm.devnet.profiles), so it must never meet a real network.
The node says in a header of every answer what it is; without that header nothing is signed.
"""

from __future__ import annotations

from dataclasses import dataclass
from threading import Lock

import httpx
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from teraa.common.money import format_osm
from teraa.common.problems import Problem
from teraa.settlement.osm.devnet.profiles import DEMO_PHRASE, SYMBOL
from teraa.settlement.osm.devnet.wallet import DevelopmentWallet, WalletRefused
from teraa.settlement.osm.uri import NotAPaymentLink, parse

DEVELOPMENT_HEADER = "X-TERAA-Development-Node"
# The page asks every second, and its threads are the tills' as well.
PROBE_SECONDS = 1.0


class NotADevelopmentNode(Problem):
    code = "not_a_development_node"
    status = 409
    title = _("The OSM node is not a development node.")
    advice = _("The demonstration wallet pays with play money only. Use a real wallet here.")


class NodeUnreachable(Problem):
    code = "node_unreachable"
    status = 503
    title = _("The OSM node does not answer.")
    advice = _("Wait a moment, then try again.")


class NotALink(Problem):
    code = "not_a_payment_link"
    status = 422
    title = _("This is not a payment link of this network.")
    advice = _("Copy the whole link that begins with ark: from the till.")


class NoAmount(Problem):
    code = "no_amount"
    status = 422
    title = _("This link asks for no amount.")
    advice = _("Copy the link from the till: it says how much to pay.")


class NotEnoughOsm(Problem):
    code = "not_enough_osm"
    status = 409
    title = _("The demonstration wallet holds {held}; {wanted} are needed with the fee.")
    advice = _("Pay a smaller amount, or start with a fresh chain.")


class NodeRefused(Problem):
    code = "node_refused"
    status = 409
    title = _("The node refused the payment: {reason}")
    advice = _("Wait for the next block, then try again.")


@dataclass(frozen=True)
class Holding:
    """What the wallet has. Units of 10⁻⁸ OSM."""

    address: str
    balance_units: int
    fee_units: int
    symbol: str = SYMBOL


class DemoWallet:
    """One wallet per process: it also keeps two equal payments of one second apart."""

    def __init__(self, node_url: str) -> None:
        self._node_url = node_url.rstrip("/")
        self._wallet = DevelopmentWallet(node_url, DEMO_PHRASE)
        self._one_at_a_time = Lock()

    def holding(self) -> Holding:
        """Address, confirmed balance and fee. Raises NotADevelopmentNode, NodeUnreachable."""
        self._look_at_node()
        try:
            return Holding(
                address=self._wallet.address,
                balance_units=self._wallet.balance(),
                fee_units=self._wallet.transfer_fee(),
            )
        except httpx.HTTPError as error:
            raise NodeUnreachable from error

    def pay(self, link: str) -> str:
        """Sign and send what ``link`` asks for. Returns the transaction's id.

        Raises NotADevelopmentNode, NodeUnreachable, NotALink, NoAmount, NotEnoughOsm, NodeRefused.
        """
        holding = self.holding()
        try:
            wanted = parse(link)
        except NotAPaymentLink as error:
            raise NotALink from error
        if wanted.units is None:
            raise NoAmount
        needed = wanted.units + holding.fee_units
        if needed > holding.balance_units:
            raise NotEnoughOsm(held=format_osm(holding.balance_units), wanted=format_osm(needed))
        with self._one_at_a_time:
            try:
                return self._wallet.pay(link)
            except NotAPaymentLink as error:
                raise NotALink from error  # an address of another network
            except WalletRefused as error:
                raise NodeRefused(reason=str(error)) from error
            except httpx.HTTPError as error:
                raise NodeUnreachable from error

    def _look_at_node(self) -> None:
        try:
            answer = httpx.get(
                f"{self._node_url}/api/node/syncing", timeout=PROBE_SECONDS, trust_env=False
            )
        except httpx.HTTPError as error:
            raise NodeUnreachable from error
        if answer.headers.get(DEVELOPMENT_HEADER) != "1":
            raise NotADevelopmentNode


_wallets: dict[str, DemoWallet] = {}


def demo_wallet() -> DemoWallet:
    """This process's wallet at the configured node."""
    url: str = settings.TERAA_NODE_URL
    return _wallets.setdefault(url, DemoWallet(url))
