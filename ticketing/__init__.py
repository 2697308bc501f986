"""Events, rates, orders, tickets and gates. Opens with the first scan."""
