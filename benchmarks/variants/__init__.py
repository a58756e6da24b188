"""Variants of six networks, measured on this machine: is the chosen one right, and faster."""
