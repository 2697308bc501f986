"""Ends of periods and closings: what they are about stands still, and stays closed."""

import django.db.models.deletion
from django.db import migrations, models

from teraa.common.append_only import AppendOnly
from teraa.common.composite_keys import VenueForeignKey

# A closing is about a period of its own register whose end was said.
ENDED_FIRST = """
ALTER TABLE fiscal_period_end
    ADD CONSTRAINT fiscal_period_end_of_register
    FOREIGN KEY (venue_id, register_id, period_id)
    REFERENCES fiscal_period (venue_id, register_id, id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE fiscal_period_end
    ADD CONSTRAINT fiscal_period_end_of_register_uniq UNIQUE (venue_id, register_id, period_id);
ALTER TABLE fiscal_closing
    ADD CONSTRAINT fiscal_closing_of_ended_period
    FOREIGN KEY (venue_id, register_id, period_id)
    REFERENCES fiscal_period_end (venue_id, register_id, period_id) DEFERRABLE INITIALLY DEFERRED;
"""
ENDED_OR_NOT = """
ALTER TABLE fiscal_closing DROP CONSTRAINT fiscal_closing_of_ended_period;
ALTER TABLE fiscal_period_end DROP CONSTRAINT fiscal_period_end_of_register_uniq;
ALTER TABLE fiscal_period_end DROP CONSTRAINT fiscal_period_end_of_register;
"""

# An ended period never runs again, and none begins on a day of a closed month or year. Both are
# looked at once a day: the condition of the first spares every sale.
CLOSED_FOR_GOOD = """
CREATE FUNCTION fiscal_guard_running_period() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM fiscal_period_end WHERE period_id = NEW.period_id) THEN
        RAISE EXCEPTION 'UPDATE on % is refused: this period has ended', TG_TABLE_NAME
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER fiscal_chain_head_running_period BEFORE UPDATE ON fiscal_chain_head
    FOR EACH ROW
    WHEN (NEW.kind = 'TICKET' AND NEW.period_id IS DISTINCT FROM OLD.period_id)
    EXECUTE FUNCTION fiscal_guard_running_period();
ALTER TABLE fiscal_chain_head ENABLE ALWAYS TRIGGER fiscal_chain_head_running_period;
CREATE FUNCTION fiscal_guard_closed_days() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT 1 FROM fiscal_closing
         WHERE register_id = NEW.register_id AND level <> 'day' AND last_day >= NEW.business_date
    ) THEN
        RAISE EXCEPTION 'INSERT on % is refused: % is in a closed month or year',
            TG_TABLE_NAME, NEW.business_date USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER fiscal_period_closed_days BEFORE INSERT ON fiscal_period
    FOR EACH ROW EXECUTE FUNCTION fiscal_guard_closed_days();
ALTER TABLE fiscal_period ENABLE ALWAYS TRIGGER fiscal_period_closed_days;
"""
CLOSED_OR_NOT = """
DROP TRIGGER fiscal_period_closed_days ON fiscal_period;
DROP FUNCTION fiscal_guard_closed_days();
DROP TRIGGER fiscal_chain_head_running_period ON fiscal_chain_head;
DROP FUNCTION fiscal_guard_running_period();
"""


class Migration(migrations.Migration):

    dependencies = [
        ('fiscal', '0003_line_subject'),
        ('venues', '0005_coordinator'),
    ]

    operations = [
        migrations.CreateModel(
            name='Closing',
            fields=[
                ('document', models.OneToOneField(db_constraint=False, on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='closing', serialize=False, to='fiscal.document')),
                ('level', models.CharField(choices=[('day', 'Day (Z)'), ('month', 'Month'), ('year', 'Year')], max_length=5, verbose_name='level')),
                ('number', models.PositiveIntegerField(verbose_name='number')),
                ('first_day', models.DateField(verbose_name='first day')),
                ('last_day', models.DateField(verbose_name='last day')),
                ('sequence', models.BigIntegerField(verbose_name='number of the document')),
                ('closed_at', models.DateTimeField(verbose_name='closed')),
                ('by_itself', models.BooleanField(verbose_name='by itself')),
                ('total_cents', models.BigIntegerField(verbose_name='total (cents)')),
                ('chains', models.JSONField(verbose_name='chains')),
                ('figures', models.JSONField(verbose_name='figures')),
                ('perpetual_real_cents', models.BigIntegerField(verbose_name='perpetual real total (cents)')),
                ('perpetual_absolute_cents', models.BigIntegerField(verbose_name='perpetual absolute total (cents)')),
                ('period', models.OneToOneField(db_constraint=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='closing', to='fiscal.period')),
                ('register', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='closings', to='fiscal.register')),
                ('venue', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='venues.venue')),
            ],
            options={
                'verbose_name': 'closing',
                'verbose_name_plural': 'closings',
                'db_table': 'fiscal_closing',
                'indexes': [models.Index(models.F('register'), models.F('level'), models.F('first_day'), name='fiscal_closing_days')],
                'constraints': [models.UniqueConstraint(models.F('register'), models.F('level'), models.F('first_day'), condition=models.Q(('level', 'day'), _negated=True), name='fiscal_closing_span_once'), models.UniqueConstraint(models.F('register'), models.F('level'), models.F('number'), name='fiscal_closing_number_once'), models.UniqueConstraint(models.F('register'), models.F('sequence'), name='fiscal_closing_sequence_once'), models.CheckConstraint(condition=models.Q(('level__in', ['day', 'month', 'year'])), name='fiscal_closing_level'), models.CheckConstraint(condition=models.Q(models.Q(('first_day', models.F('last_day')), ('level', 'day'), ('period__isnull', False)), models.Q(models.Q(('level', 'day'), _negated=True), ('first_day__lt', models.F('last_day')), ('period__isnull', True)), _connector='OR'), name='fiscal_closing_spans'), models.CheckConstraint(condition=models.Q(('number__gte', 1), ('sequence__gte', 1)), name='fiscal_closing_numbers_start')],
            },
        ),
        migrations.CreateModel(
            name='PeriodEnd',
            fields=[
                ('period', models.OneToOneField(db_constraint=False, on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='end', serialize=False, to='fiscal.period')),
                ('number', models.PositiveIntegerField(verbose_name='number')),
                ('ended_at', models.DateTimeField(verbose_name='ended')),
                ('by_itself', models.BooleanField(verbose_name='by itself')),
                ('station_label', models.CharField(blank=True, max_length=60, verbose_name='station')),
                ('operator_label', models.CharField(blank=True, max_length=120, verbose_name='operator')),
                ('chains', models.JSONField(verbose_name='chains')),
                ('request_key', models.UUIDField(null=True)),
                ('event', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='fiscal.document')),
                ('register', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='fiscal.register')),
                ('venue', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='venues.venue')),
            ],
            options={
                'verbose_name': 'end of a period',
                'verbose_name_plural': 'ends of periods',
                'db_table': 'fiscal_period_end',
                'constraints': [models.UniqueConstraint(models.F('register'), models.F('number'), name='fiscal_period_end_once'), models.CheckConstraint(condition=models.Q(('by_itself', False), models.Q(('operator_label', ''), ('request_key', None)), _connector='OR'), name='fiscal_period_end_somebody_or_nobody')],
            },
        ),
        migrations.RunSQL(ENDED_FIRST, ENDED_OR_NOT),
        VenueForeignKey("fiscal_period_end", "event_id", "fiscal_document"),
        VenueForeignKey("fiscal_closing", "document_id", "fiscal_document"),
        VenueForeignKey("fiscal_closing", "register_id", "fiscal_register"),
        AppendOnly("fiscal_period_end"),
        AppendOnly("fiscal_closing"),
        migrations.RunSQL(CLOSED_FOR_GOOD, CLOSED_OR_NOT),
    ]
