"""From a profile to a rendered book."""
