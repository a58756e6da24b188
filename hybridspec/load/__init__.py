"""Text to Spec: the only stage that reads files."""
