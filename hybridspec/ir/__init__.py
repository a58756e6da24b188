"""What stages hand each other: frozen, slotted dataclasses and tuples."""
