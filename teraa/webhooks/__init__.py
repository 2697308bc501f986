"""Outgoing webhooks: endpoints, signed deliveries, redelivery."""
