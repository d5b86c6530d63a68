"""From records to trends, verdicts and charts: NumPy and pandas, no torch."""
