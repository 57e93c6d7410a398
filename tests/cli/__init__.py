"""The command line as a user meets it: commands in processes of their own, and what they print."""
