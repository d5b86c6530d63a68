"""A study: a profile, its groups, and the runs that they need."""
