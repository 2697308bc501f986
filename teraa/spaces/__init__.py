"""Atoms, resources and claims in time, under one exclusion constraint."""
