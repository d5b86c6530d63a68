"""Parts of a source: interventions, and the draws they make."""
