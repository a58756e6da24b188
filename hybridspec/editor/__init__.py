"""The language server: what an editor shows and offers while a spec is written."""
