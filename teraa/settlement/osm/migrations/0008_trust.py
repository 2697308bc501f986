import django.db.models.deletion
from django.db import migrations, models

from teraa.common.append_only import AppendOnly
from teraa.common.composite_keys import VenueForeignKey


class Migration(migrations.Migration):

    dependencies = [
        ('osm', '0007_no_unread_deadline'),
        ('venues', '0005_coordinator'),
    ]

    operations = [
        migrations.CreateModel(
            name='DistrustedSender',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('address', models.CharField(max_length=34, verbose_name='address')),
                ('reason', models.CharField(blank=True, max_length=200, verbose_name='reason')),
                ('added_at', models.DateTimeField(editable=False, verbose_name='added')),
                ('request', models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='osm.osmrequest', verbose_name='OSM request')),
                ('venue', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='venues.venue', verbose_name='venue')),
            ],
            options={
                'verbose_name': 'distrusted sender',
                'verbose_name_plural': 'distrusted senders',
                'db_table': 'osm_distrusted_sender',
                'constraints': [models.UniqueConstraint(models.F('venue'), models.F('address'), name='osm_distrusted_sender_once')],
            },
        ),
        migrations.CreateModel(
            name='Lease',
            fields=[
                ('request', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='lease', serialize=False, to='osm.osmrequest')),
                ('sender', models.CharField(max_length=34, verbose_name='sender')),
                ('amount_cents', models.BigIntegerField(verbose_name='amount (cents)')),
                ('evidence', models.JSONField(verbose_name='what nodes said')),
                ('granted_at', models.DateTimeField(verbose_name='granted')),
                ('transaction', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='osm.chaintransaction', verbose_name='transaction')),
                ('venue', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='venues.venue')),
            ],
            options={
                'verbose_name': 'payment taken on trust',
                'verbose_name_plural': 'payments taken on trust',
                'db_table': 'osm_lease',
                'constraints': [models.CheckConstraint(condition=models.Q(('amount_cents__gt', 0)), name='osm_lease_positive')],
            },
        ),
        VenueForeignKey("osm_lease", "request_id", "osm_request"),
        VenueForeignKey("osm_distrusted_sender", "request_id", "osm_request"),
        AppendOnly("osm_lease"),
    ]
