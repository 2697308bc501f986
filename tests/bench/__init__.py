"""Figures, as ratios against a baseline taken in the same run. ``script/bench`` prints JSON."""
