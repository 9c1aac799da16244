"""Supply: who offers what, where (in cells), and what is free when."""
