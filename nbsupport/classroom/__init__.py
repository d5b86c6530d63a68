"""A class that settles a claim together, and questions of one's own: fixed first, then trained."""
