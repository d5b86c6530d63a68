"""Sources of pre-training images, subsets drawn from them, and downstream tasks."""
