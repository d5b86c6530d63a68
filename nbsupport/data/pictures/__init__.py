"""Pictures in files: listed, decoded, kept, checked."""
