"""What simulated gauge controllers with mnemonics have in common: the dialogue and the texts of their gauges."""
