"""The open bookings of a guest are found by the address they gave."""

from django.db import migrations, models
from django.db.models.functions import Upper


class Migration(migrations.Migration):
    dependencies = [("bookings", "0002_rules")]
    operations = [
        migrations.AddIndex(
            model_name="booking",
            index=models.Index(
                "venue",
                Upper("guest_email"),
                condition=models.Q(state__in=["hold", "confirmed"]),
                name="bookings_booking_of_guest",
            ),
        ),
    ]
