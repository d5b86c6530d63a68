"""What is measured, and beside whom: `python -m benchmarks` (see `__main__`).

Each module has `entries(options)`, which yields a row for each peer. Two scripts without a peer
stand by themselves: generator.py says how well a classifier names generated images, processors.py
what moves the bits of a training between processors.
"""
