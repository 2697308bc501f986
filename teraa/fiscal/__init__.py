"""Registers, periods, documents and events that are written once and signed."""
