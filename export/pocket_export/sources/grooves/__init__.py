"""From grooves to drums: windows of two bars, losses, figures, and how the model that ships is made."""
