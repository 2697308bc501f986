from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('settlement', '0005_payment_policy'),
    ]

    operations = [
        migrations.AlterField(
            model_name='effect',
            name='kind',
            field=models.CharField(choices=[('settled', 'Settled'), ('accepted', 'Accepted'), ('expired', 'Expired'), ('attention', 'Needs attention'), ('changed', 'Changed'), ('refunded', 'Refunded')], max_length=10, verbose_name='kind'),
        ),
    ]
