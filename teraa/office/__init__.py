"""The back office's frame: its browser policy, its menu, its first page."""
