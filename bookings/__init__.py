"""Rooms, studios, desks and people's time, let by the hour, the half-day or the day."""
