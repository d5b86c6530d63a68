"""FractalDB: images of iterated function systems, each system a class (paper, Section 4.5).

After the public code of Kataoka et al. (Pre-training without Natural Images, 2020), at any size.
"""
