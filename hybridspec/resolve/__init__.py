"""Spec and catalogues to Graph: every name, default and fact filled in, or found missing."""
