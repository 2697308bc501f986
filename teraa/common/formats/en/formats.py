"""English for people in Europe: 11/12/2026 would be two days, depending on who reads it."""

DATE_FORMAT = "j F Y"
SHORT_DATE_FORMAT = "j M Y"
SHORT_DATETIME_FORMAT = "j M Y, H:i"
