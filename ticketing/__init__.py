"""Events, their tickets, and the gates that look at them."""
