"""The stimulus of the page's example, the same on all simulators."""

MOST = 40.0  # Hz: of the last network; the others' are evenly between 0 and this
