"""Plan to file trees: slices cut per target, templates rendered, nothing written."""
