"""Extensions of the renderer."""
