"""Farm baskets: households, producers' catalogues, distributions, and the files of Cagette."""
