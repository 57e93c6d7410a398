"""What the plant is: the chamber file."""
