"""The cash drawer of a till: a shift from one count to the next, and what went in and out of it."""
