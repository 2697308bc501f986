"""Outbox, relay, heartbeats, and the only door to Channels."""
