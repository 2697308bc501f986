"""Rooms, studios, desks and people's time, let by the hour or the day. Opens with the first studio."""
