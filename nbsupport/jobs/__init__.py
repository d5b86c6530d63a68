"""Stages of work that are done once and kept: what to do, where it is kept, who does it."""
