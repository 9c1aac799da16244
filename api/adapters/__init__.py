"""What placement's ports ask for, spoken to the outside."""
