"""TERAA: point of sale, bookings and ticketing for cooperative venues."""

__version__ = "0.1.0"
