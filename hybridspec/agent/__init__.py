"""What runs on a device: fetch, verify, install, try, commit or revert. No compiler inside."""
