"""Things made of plastic: printers, the queue before them, and the agent beside them."""
