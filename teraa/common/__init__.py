"""The words every room speaks. Imports nothing of ours."""
