"""Vocabulary shared by every stage; standard library only."""
