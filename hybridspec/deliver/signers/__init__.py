"""Private keys by URI: in files, hardware modules, Vault and the clouds; and who signs a stack."""
