"""Graph to findings: what law, physics and the spec itself forbid before anything is placed."""
