"""Runs in the forms that other tools open: HDF5, CSV, Parquet, .eln and NOMAD."""
