"""GeNN, by PyGeNN."""
