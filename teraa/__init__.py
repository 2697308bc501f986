"""TERAA: point of sale, bookings and ticketing for cooperative venues."""
