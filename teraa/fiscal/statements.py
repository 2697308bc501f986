"""The SQL of sealing: one statement that locks and reads, one that writes."""

from __future__ import annotations

from typing import Final

# ``lead`` (TICKET) is locked before ``own``: PostgreSQL locks in the order named after OF.
# The identity is the one valid on the business day; before the first one, the first one.
LOCK_HEADS: Final = """
SELECT own.sequence, own.last_hash, own.last_issued_at,
       own.perpetual_real_cents, own.perpetual_absolute_cents,
       lead.period_id, lead.period_number, lead.business_date,
       register.name, register.lane, register.training, register.key_id,
       venue.id, venue.name, venue.zone, venue.day_cutoff,
       payee.name,
       who.legal_name, who.legal_form, who.siret, who.vat_id, who.address
  FROM fiscal_chain_head lead
  JOIN fiscal_chain_head own ON own.register_id = lead.register_id AND own.kind = %(kind)s
  JOIN fiscal_register register ON register.id = lead.register_id
  JOIN venues_venue venue ON venue.id = register.venue_id
  JOIN venues_payee payee ON payee.id = register.payee_id
  LEFT JOIN LATERAL (
      SELECT identity.*
        FROM venues_payee_identity identity
       CROSS JOIN LATERAL (
           SELECT identity.valid_from
               <= ((%(at)s::timestamptz AT TIME ZONE venue.zone) - venue.day_cutoff::interval)::date
           ) AS valid (already)
       WHERE identity.payee_id = payee.id
       ORDER BY valid.already DESC,
                CASE WHEN valid.already THEN identity.valid_from END DESC,
                identity.valid_from
       LIMIT 1
       ) AS who ON true
 WHERE lead.register_id = %(register)s AND lead.kind = 'TICKET'
   FOR UPDATE OF lead, own
"""

# A clock that has gone back never dates a period into a month or year that is closed: its documents
# count in the first day after.
OPEN_PERIOD: Final = """
WITH opened AS (
    INSERT INTO fiscal_period (id, venue_id, register_id, number, business_date, opened_at)
    SELECT %(period)s, %(venue)s, %(register)s, %(number)s,
           greatest(%(today)s::date, max(closing.last_day) + 1), %(at)s
      FROM fiscal_closing closing
     WHERE closing.register_id = %(register)s AND closing.level <> 'day'
    RETURNING business_date
)
UPDATE fiscal_chain_head head
   SET period_id = %(period)s, period_number = %(number)s, business_date = opened.business_date
  FROM opened
 WHERE head.register_id = %(register)s AND head.kind = 'TICKET'
RETURNING head.business_date
"""

_DOCUMENT: Final = """
WITH sealed AS MATERIALIZED (
    SELECT given.payload, given.payload::jsonb AS v
      FROM (SELECT %(payload)s::text AS payload) AS given
), document AS (
    INSERT INTO fiscal_document (
        id, venue_id, register_id, period_id, kind, sequence, first_in_chain,
        issued_at, utc_offset_minutes, business_date, station_label, operator_label, event_code,
        total_cents, perpetual_real_cents, perpetual_absolute_cents, subject, corrects_id,
        payload, previous_hash, hash, signature, key_id
    )
    SELECT (v->>'document')::uuid, (v->>'venue_id')::uuid,
           (v->'register'->>'id')::uuid, (v->'period'->>'id')::uuid,
           v->>'kind', (v->>'sequence')::bigint, (v->>'first_in_chain')::boolean,
           (v->>'issued_at')::timestamptz, (v->>'utc_offset_minutes')::smallint,
           (v->'period'->>'business_date')::date, v->>'station', v->>'operator',
           (v->>'code')::integer,
           (v->>'total_cents')::bigint, (v->>'perpetual_real_cents')::bigint,
           (v->>'perpetual_absolute_cents')::bigint, v->>'subject', (v->>'corrects')::uuid,
           payload, v->>'previous_hash', %(hash)s::text, %(signature)s::text, v->>'key_id'
      FROM sealed
)"""

_ROWS: Final = """, lines AS (
    INSERT INTO fiscal_document_line (
        document_id, venue_id, position, parent_position, kind, label, product_key,
        quantity_milli, unit, unit_price_cents, discount_cents, discount_reason, discount_author,
        total_cents, vat_class, vat_rate_bp, serving, modifiers, components, subject, payee_label,
        corrects_document_id, corrects_position
    )
    SELECT (v->>'document')::uuid, (v->>'venue_id')::uuid, line.*
      FROM sealed, jsonb_to_recordset(v->'lines') AS line (
        position integer, parent_position integer, kind text, label text, product_key text,
        quantity_milli bigint, unit text, unit_price_cents bigint, discount_cents bigint,
        discount_reason text, discount_author text, total_cents bigint, vat_class text,
        vat_rate_bp integer, serving text, modifiers jsonb, components jsonb, subject text,
        payee_label text, corrects_document uuid, corrects_position integer
    )
), taxes AS (
    INSERT INTO fiscal_document_tax (
        document_id, venue_id, rate_bp, base_cents, vat_cents, total_cents
    )
    SELECT (v->>'document')::uuid, (v->>'venue_id')::uuid, tax.*
      FROM sealed, jsonb_to_recordset(v->'taxes') AS tax (
        rate_bp integer, base_cents bigint, vat_cents bigint, total_cents bigint
    )
), tenders AS (
    INSERT INTO fiscal_document_tender (
        document_id, venue_id, position, kind, label, amount_cents, received_cents, change_cents,
        osm_units, osm_rate_e10, osm_txids, osm_reference, authorisation
    )
    SELECT (v->>'document')::uuid, (v->>'venue_id')::uuid, tender.*
      FROM sealed, jsonb_to_recordset(v->'tenders') AS tender (
        position integer, kind text, label text, amount_cents bigint, received_cents bigint,
        change_cents bigint, osm_units bigint, osm_rate_e10 bigint, osm_txids jsonb,
        osm_reference text, authorisation text
    )
)"""

# An event has no totals: those of its head stay as they are.
_HEAD: Final = """
UPDATE fiscal_chain_head AS head
   SET sequence = (v->>'sequence')::bigint,
       last_hash = %(hash)s::text,
       last_issued_at = (v->>'issued_at')::timestamptz,
       period_id = (v->'period'->>'id')::uuid,
       period_number = (v->'period'->>'number')::integer,
       business_date = (v->'period'->>'business_date')::date,
       perpetual_real_cents
           = coalesce((v->>'perpetual_real_cents')::bigint, head.perpetual_real_cents),
       perpetual_absolute_cents
           = coalesce((v->>'perpetual_absolute_cents')::bigint, head.perpetual_absolute_cents)
  FROM sealed
 WHERE head.register_id = (v->'register'->>'id')::uuid
   AND head.kind = v->>'kind'
   AND head.sequence = (v->>'sequence')::bigint - 1
"""

WRITE_EVENT: Final = _DOCUMENT + _HEAD
WRITE_TICKET: Final = _DOCUMENT + _ROWS + _HEAD
