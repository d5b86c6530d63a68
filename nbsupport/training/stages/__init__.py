"""Stages of work: one file each, a function that a worker calls."""
