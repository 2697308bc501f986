"""Devices that exist only in memory, for development and tests. They ship and are tested."""
