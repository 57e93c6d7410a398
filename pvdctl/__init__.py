"""pvdctl runs a thermal-evaporation chamber: recipes, rate control, interlocks and the record of each sample."""

__version__ = "0.1.0"
