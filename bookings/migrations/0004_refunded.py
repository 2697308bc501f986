from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('bookings', '0003_guests_found'),
        ('cases', '0002_rules'),
        ('settlement', '0006_refunded'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='booking',
            name='bookings_booking_paid_has_document',
        ),
        migrations.AlterField(
            model_name='booking',
            name='state',
            field=models.CharField(choices=[('hold', 'Held, to be paid'), ('confirmed', 'Confirmed'), ('expired', 'Not paid in time'), ('cancelled', 'Cancelled'), ('paid_without_place', 'Paid too late: needs a refund'), ('refunded', 'Refunded')], max_length=20, verbose_name='state'),
        ),
        migrations.AddConstraint(
            model_name='booking',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state__in', ['confirmed', 'paid_without_place', 'refunded']), ('total_cents__gt', 0), ('document__isnull', False), ('due__isnull', False)), models.Q(('document__isnull', True), ('state__in', ['hold', 'expired', 'cancelled'])), models.Q(('document__isnull', True), ('due__isnull', True), ('state', 'confirmed'), ('total_cents', 0)), _connector='OR'), name='bookings_booking_paid_has_document'),
        ),
    ]
