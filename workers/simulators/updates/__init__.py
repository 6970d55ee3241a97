"""What models and synapses do in a step, in the C++ that Brian2 and GeNN share."""
