"""Channel stores of zones in their clouds: what devices fetch, uploaded over plain HTTPS."""
