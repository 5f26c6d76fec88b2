"""Bars of a latent space: what they are learnt from, how, and how well they come back."""
