"""The sample files, by a short name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "samples"

MEMBERS = "import-membres.csv"
CAGETTE_LIST = "Membres.csv"
CAMAP_LIST = "Tous les membres du groupe.csv"
CAGETTE_PRODUCTS = "import-produits-cagette.csv"
CAMAP_PRODUCTS = "import-produits-camap.csv"
ORDERS = "Export-commandes-2026-12-03-Cagette.csv"
BY_MEMBER = "AMAP Fictive - Distribution Légumes2026-12-03 - Par membre.csv"
CASH_DESK = "Encaissements Jeudi 3 Décembre à 18-30.csv.csv"


def sample(name: str) -> bytes:
    return (FOLDER / name).read_bytes()


def expected() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((FOLDER / "attendus.json").read_text(encoding="utf-8"))
    return found
