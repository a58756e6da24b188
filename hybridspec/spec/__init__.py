"""What the user and the catalogues write: pydantic models, strict and frozen."""
