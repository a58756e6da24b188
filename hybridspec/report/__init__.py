"""Values to text: diagnostics, plans and the placement report; no decisions."""
