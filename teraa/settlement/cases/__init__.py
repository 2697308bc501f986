"""What did not go as it should: cases for people, refunds without keys, books that add up."""
