"""What each page compares: one file a page, a function `(study, parameters) -> groups` in it."""
