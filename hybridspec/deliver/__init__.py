"""The only package with effects on the outside: files, processes, channels, clouds."""
