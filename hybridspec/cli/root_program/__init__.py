"""The program of the `Pulumi.yaml` at the repository's root."""
