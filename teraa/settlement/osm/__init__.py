"""The OSM channel: pure chain formats, what the ingest stores, and a development node."""
