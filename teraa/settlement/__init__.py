"""Dues, tenders, collections, rates and the OSM channel that settles them."""
