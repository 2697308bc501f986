"""Writes of this room: verb first, keyword-only, atomic, named refusals."""

from pos.amap.operations.exporting import (
    export_cash_desk,
    export_catalog,
    export_day,
    export_members,
    export_sheet,
)
from pos.amap.operations.handing import hand_out, mark_absent, take_back
from pos.amap.operations.importing import apply_import, bring_file, drop_import, plan_import
from pos.amap.operations.ordering import close_orders, freeze_line, hold_space

__all__ = [
    "apply_import",
    "bring_file",
    "close_orders",
    "drop_import",
    "export_cash_desk",
    "export_catalog",
    "export_day",
    "export_members",
    "export_sheet",
    "freeze_line",
    "hand_out",
    "hold_space",
    "mark_absent",
    "plan_import",
    "take_back",
]
