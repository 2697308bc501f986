"""Places, who is owed there, who works there, and the stations they work at."""
