"""From which total on a note is due, and whether a station practises."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("venues", "0005_coordinator")]
    operations = [
        migrations.AddField(
            model_name="venue",
            name="note_from_cents",
            field=models.PositiveIntegerField(
                blank=True,
                default=2500,
                help_text="From this total on, VAT included, whoever was served on site gets a note"
                " before paying (arrêté 83-50/A: 25 €). Empty: the till says nothing.",
                null=True,
                verbose_name="a note is given from (cents)",
            ),
        ),
        migrations.AddField(
            model_name="station",
            name="training",
            field=models.BooleanField(default=False, editable=False, verbose_name="in training"),
        ),
    ]
