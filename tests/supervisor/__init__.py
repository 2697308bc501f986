"""Tests of teraa.supervisor."""
