"""One rule a file, named for the offence."""
