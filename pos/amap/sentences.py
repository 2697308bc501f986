"""What the readers' codes say to people."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

# Why a whole file is refused.
FILE_REFUSALS: dict[str, str | Promise] = {
    "empty": _("there is nothing in it."),
    "too_large": _("it is larger than 4 MB."),
    "spreadsheet": _("it is a workbook. Save it as CSV first."),
    "not_text": _("it is no text. Save it as CSV, in UTF-8."),
    "too_many_rows": _("it has more than 5,000 rows."),
    "too_many_columns": _("it has more than 60 columns."),
    "unknown_shape": _(
        "it begins with an id but is neither Cagette’s nor CAMAP’s list of members."
    ),
    "not_products": _(
        "it is a list that Cagette exports but cannot import. Use the ten columns of its import, "
        "or CAMAP’s own export."
    ),
    "not_orders": _("it is not the twelve columns of “commandes du jour”."),
    "dialect_unclear": _(
        "its columns fit neither Cagette’s dialect nor CAMAP’s for certain. Compare its header "
        "with the help below."
    ),
    "other_dialect": _(
        "it is written in the other dialect than the one you chose. Let it be detected."
    ),
    "no_catalog": _("choose the producer’s catalogue it is for."),
    "no_distribution": _("choose the distribution it is for; its orders must be open."),
}

# Why a row cannot be taken. {what} is the value or column meant.
FAULTS: dict[str, str | Promise] = {
    "missing": _("missing: {what}"),
    "bad_email": _("not an e-mail address: {what}"),
    "too_long": _("too long: {what}"),
    "twice": _("already in this file: {what} (line)"),
    "two_households": _("its two addresses belong to two households: {what}"),
    "bad_price": _("not a price: “{what}”"),
    "bad_size": _("not a quantity: “{what}”"),
    "bad_vat": _("not a VAT rate: “{what}”"),
    "vat_not_in_force": _("no VAT rate of this venue: {what}"),
    "columns": _("wrong number of columns"),
    "unreadable": _("cannot be read: {what}"),
    "no_household": _("no household of that name: import the members first ({what})"),
    "same_name": _("several households are called {what}"),
    "no_catalog_name": _("no catalogue: {what}"),
}

# What one should know of a row that is taken.
NOTES: dict[str, str | Promise] = {
    "unknown_unit": _("unknown unit “{what}”: taken as a piece"),
    "organic_elsewhere": _("“{what}” is not organic here; Cagette would think it is"),
    "no_vat": _("no VAT rate: {what}"),
    "no_name": _("no name: passed over"),
    "kept": _("kept as it is here: {what}"),
    "takes_number": _("takes the number {what}"),
    "changes": _("changes: {what}"),
    "keeps_orders": _("{what} orders already made keep their price"),
    "new_catalog": _("new catalogue: {what}"),
    "new_product": _("new product: {what}"),
    "differs": _("already ordered otherwise, kept: {what}"),
    "paid_elsewhere": _("already paid there"),
    "cancelled": _("quantity 0: cancelled"),
}

# A field of a member or product, as the tables above name it.
FIELDS: dict[str, str | Promise] = {
    "first_name": _("first name"),
    "last_name": _("last name"),
    "email": _("e-mail"),
    "phone": _("telephone"),
    "first_name2": _("partner’s first name"),
    "last_name2": _("partner’s last name"),
    "email2": _("partner’s e-mail"),
    "phone2": _("partner’s telephone"),
    "address1": _("address"),
    "address2": _("address, second line"),
    "zip_code": _("postcode"),
    "city": _("city"),
    "name": _("name"),
    "ref": _("reference"),
    "description": _("description"),
    "price_cents": _("price"),
    "vat_rate_bp": _("VAT rate"),
    "unit": _("unit"),
    "size_milli": _("pack size"),
    "organic": _("organic"),
    "bulk": _("in bulk"),
    "variable_price": _("weighed on the day"),
    "stock_milli": _("stock"),
}

SHAPES: dict[str, str | Promise] = {
    "import": _("the 12 columns that Cagette and CAMAP import"),
    "cagette": _("Cagette’s list of members"),
    "camap": _("CAMAP’s list of members"),
}
DIALECTS: dict[str, str | Promise] = {
    "cagette": _("Cagette: quantity, unit, organic, …, VAT rate, stock"),
    "camap": _("CAMAP: VAT rate, quantity, unit, organic, bulk, weighed"),
}
EVIDENCE: dict[tuple[bool, bool], str | Promise] = {
    (True, True): _("Its header and its units say so."),
    (True, False): _("Its header says so."),
    (False, True): _("Its units say so; its header does not."),
    (False, False): _("Nothing in it says so: you chose it."),
}
