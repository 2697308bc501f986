"""Atoms, resources and claims in time, under one exclusion constraint. Opens with the first studio."""
