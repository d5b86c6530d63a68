"""Models, recipes, the training loop and the two stages made of them (torch from here on)."""
