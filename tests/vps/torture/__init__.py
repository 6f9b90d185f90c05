"""Kill it at random: commands that meet a mishap at a random moment, again and again, on the same hosts."""
