"""The contract between the compiler and the folders in `targets/`."""
