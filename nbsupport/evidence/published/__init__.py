"""What real models say: results of others, and the table that the book makes of them."""
