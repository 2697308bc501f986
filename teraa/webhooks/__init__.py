"""Outgoing webhooks: endpoints, signed deliveries, redelivery. Opens with the confirmation channel."""
