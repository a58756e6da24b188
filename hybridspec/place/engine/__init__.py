"""The least-cost answer to a placement problem in numbers: it knows no names and no law."""
