"""From images in memory or on disk to batches on a device."""
