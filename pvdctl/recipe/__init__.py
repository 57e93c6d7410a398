"""What is to be made: recipes, their check and their plan. Pure: no instrument, no clock."""
