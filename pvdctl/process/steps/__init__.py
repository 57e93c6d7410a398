"""The steps of a recipe, one file each: what to ask for while the unit executes them."""
