from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("osm", "0008_trust"),
    ]

    operations = [
        migrations.AddField(
            model_name="nodepeer",
            name="rewalked_at",
            field=models.DateTimeField(
                editable=False, null=True, verbose_name="a day’s blocks compared"
            ),
        ),
        migrations.AddField(
            model_name="nodepeer",
            name="differs_at",
            field=models.BigIntegerField(
                editable=False, null=True, verbose_name="another block at height"
            ),
        ),
    ]
