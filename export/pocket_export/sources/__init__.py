"""How the generators come to be: their data, training, figures and files."""
