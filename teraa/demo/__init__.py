"""The demonstration: its venues, its wallet and its page. Never reached when TERAA_DEMO is 0."""
