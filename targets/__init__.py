"""Targets: one folder per cloud and per edge platform, found through entry points alone."""
