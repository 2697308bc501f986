"""Groups, households, producers' catalogues, distributions, baskets, and the files in and out.

``number`` is what Cagette's files call an id: given here in turn, or taken over from there when a
file brings it. It identifies nothing by itself; rows are matched by address, reference and name.
"""

from pos.amap.models.distributions import Basket, Distribution, OrderLine
from pos.amap.models.files import Export, ImportFile
from pos.amap.models.offer import Catalog, Producer, Product
from pos.amap.models.people import AmapGroup, Household

__all__ = [
    "AmapGroup",
    "Basket",
    "Catalog",
    "Distribution",
    "Export",
    "Household",
    "ImportFile",
    "OrderLine",
    "Producer",
    "Product",
]
