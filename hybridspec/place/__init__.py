"""Graph and estimates to Plan: where everything runs at least cost, and why."""
