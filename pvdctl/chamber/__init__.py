"""What the plant is: the chamber file."""

import os

os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
# Pydantic plugins are other people's code, run at import wherever they happen to be installed: not in a program that
# runs a chamber. Looking for them costs 10 ms of the 300 ms that `pvdctl check` may take.
