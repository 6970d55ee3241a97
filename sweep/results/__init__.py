"""What a person gets back of a sweep: values, datasets, spike trains and exports."""
