"""Money given back for paid sales; sales rung up to practise."""

import django.db.models.deletion
from django.db import migrations, models

import teraa.common.ids
from teraa.common.append_only import AppendOnly
from teraa.common.composite_keys import VenueForeignKey, VenueUnique


class Migration(migrations.Migration):
    dependencies = [
        ("cases", "0003_locked_coins"),
        ("common", "0001_roles"),
        ("fiscal", "0005_corrections_copies"),
        ("pos", "0003_show_class"),
        ("venues", "0006_corrections"),
    ]

    operations = [
        migrations.CreateModel(
            name="SaleRefund",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=teraa.common.ids.uuid7,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("key", models.UUIDField()),
                ("request_sha256", models.CharField(max_length=64)),
                ("reason", models.CharField(max_length=120, verbose_name="reason")),
                ("other_tender_reason", models.CharField(blank=True, max_length=120)),
                ("total_cents", models.BigIntegerField()),
                ("created_at", models.DateTimeField(verbose_name="given back")),
                (
                    "coins",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="sale_refund",
                        to="cases.refund",
                    ),
                ),
                (
                    "document",
                    models.OneToOneField(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="sale_refund",
                        to="fiscal.document",
                    ),
                ),
                (
                    "sale",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="refunds",
                        to="pos.sale",
                    ),
                ),
                (
                    "staff",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="sale_refunds",
                        to="venues.staffmember",
                    ),
                ),
                (
                    "station",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="sale_refunds",
                        to="venues.station",
                    ),
                ),
                (
                    "venue",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="sale_refunds",
                        to="venues.venue",
                    ),
                ),
            ],
            options={
                "verbose_name": "refund of a sale",
                "verbose_name_plural": "refunds of sales",
                "db_table": "pos_sale_refund",
                "constraints": [
                    models.UniqueConstraint(
                        models.F("venue"), models.F("key"), name="pos_sale_refund_key_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("total_cents__gte", 0), models.Q(("reason", ""), _negated=True)
                        ),
                        name="pos_sale_refund_sane",
                    ),
                ],
            },
        ),
        migrations.AddField(
            model_name="sale",
            name="training",
            field=models.BooleanField(default=False, verbose_name="training"),
        ),
        migrations.AddConstraint(
            model_name="sale",
            constraint=models.CheckConstraint(
                condition=models.Q(("training", False))
                | models.Q(("due__isnull", True), ("state", "paid")),
                name="pos_sale_training_is_not_owed",
            ),
        ),
        VenueUnique("pos_sale"),
        VenueForeignKey("pos_sale_refund", "sale_id", "pos_sale"),
        VenueForeignKey("pos_sale_refund", "station_id", "venues_station"),
        VenueForeignKey("pos_sale_refund", "staff_id", "venues_staff_member"),
        VenueForeignKey("pos_sale_refund", "document_id", "fiscal_document"),
        VenueForeignKey("pos_sale_refund", "coins_id", "cases_refund"),
        AppendOnly("pos_sale_refund"),
    ]
