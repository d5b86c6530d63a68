"""Engines: where jobs are done. One file each."""
