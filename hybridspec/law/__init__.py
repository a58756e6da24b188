"""Sovereignty: which law follows data where, and what it permits there. Pure; imports no stage."""
