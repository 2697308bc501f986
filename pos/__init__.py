"""The till: catalogue, sales, and what the bar sees of them."""
