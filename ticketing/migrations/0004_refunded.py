from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('cases', '0002_rules'),
        ('settlement', '0006_refunded'),
        ('ticketing', '0003_late_money_has_its_document'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='order',
            name='ticketing_order_paid_has_document',
        ),
        migrations.AlterField(
            model_name='order',
            name='state',
            field=models.CharField(choices=[('hold', 'Held, to be paid'), ('confirmed', 'Confirmed'), ('expired', 'Expired'), ('cancelled', 'Given up'), ('paid_without_place', 'Paid, but no place is left: needs a refund'), ('refunded', 'Refunded')], max_length=20, verbose_name='state'),
        ),
        migrations.AddConstraint(
            model_name='order',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('document__isnull', False), ('state__in', ('confirmed', 'paid_without_place', 'refunded')), ('total_cents__gt', 0)), models.Q(('document__isnull', True), ('state', 'confirmed'), ('total_cents', 0)), models.Q(models.Q(('state__in', ('confirmed', 'paid_without_place', 'refunded')), _negated=True), ('document__isnull', True)), _connector='OR'), name='ticketing_order_paid_has_document'),
        ),
    ]
