"""The physics of the simulated chamber: boats, vapour, crystals, gas, film. `plant.Plant` is the whole of it."""
