"""What recorded runs say: records, settings, the ledger of claims."""
