"""NEURON, with the mechanisms of PyNN and our own."""
