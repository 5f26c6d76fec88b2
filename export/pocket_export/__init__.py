"""From recordings to a model that ships: data, training, evaluation, export and parity."""
