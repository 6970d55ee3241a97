"""The Zarr store of a sweep: what is written, how it is found again, and how damage to it is mended."""
