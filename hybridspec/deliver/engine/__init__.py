"""Driving the Pulumi CLI: emitted projects to resources, by exit codes, resumable."""
