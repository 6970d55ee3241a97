"""Static synapses that all have one delay: each spike adds its weights at once where it is due.

Brian2 lists the synapses of all spikes that are due, and then goes through the list; with thousands of small
networks that takes more time than all neurons do. This adds the same weights in the same order; and while it
adds those of one spike, it has the processor fetch those of a later one, for which it would else wait.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from workers.instance import Synapses
from workers.simulators.brian2.cells import BrianCells
from workers.simulators.brian2.code import Call
from workers.simulators.brian2.groups import fired

_CODE = """\
# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False
from libcpp.vector cimport vector

cdef extern from *:
    '''
    #ifdef __GNUC__
    #define fetch(address) __builtin_prefetch(address)
    #else
    #define fetch(address) ((void)0)
    #endif
    '''
    void fetch(const void*) nogil

cdef class Delivery:
    cdef int[::1] fired, targets
    cdef long long[::1] starts
    cdef double[::1] weights, to, scale
    cdef vector[vector[int]] waiting
    cdef size_t now

    def __init__(self, fired, starts, targets, weights, to, scale, size_t delay):
        self.fired, self.starts, self.targets = fired, starts, targets
        self.weights, self.to, self.scale = weights, to, scale
        self.waiting.resize(delay)
        self.now = 0

    def __call__(self):
        cdef int* spikes = &self.fired[0]
        cdef int* targets = &self.targets[0]
        cdef long long* starts = &self.starts[0]
        cdef double* weights = &self.weights[0]
        cdef double* to = &self.to[0]
        cdef double* scale = &self.scale[0] if self.scale.shape[0] else NULL
        cdef int* due
        cdef int source
        cdef long long s, each = self.weights.shape[0] > 1
        cdef double weight
        cdef size_t i, number
        self.waiting[self.now].assign(spikes, spikes + spikes[self.fired.shape[0] - 1])
        self.now = (self.now + 1) % self.waiting.size()
        due, number = self.waiting[self.now].data(), self.waiting[self.now].size()
        for i in range(number):
            if i + 8 < number:  # the first 16 to 24 synapses, in lines of 64 bytes
                s = starts[due[i + 8]]
                fetch(targets + s)
                fetch(targets + s + 16)
                if each:
                    fetch(weights + s)
                    fetch(weights + s + 8)
                    fetch(weights + s + 16)
            source = due[i]
            for s in range(starts[source], starts[source + 1]):
                weight = weights[each*s]
                to[targets[s]] += weight if scale == NULL else weight*scale[targets[s]]
"""


class DirectSynapses:
    """The synapses of a projection; a step delivers the spikes of `delay` steps before."""

    def __init__(self, synapses: Synapses, pre: Any, post: BrianCells) -> None:
        how = post.model.receptors[synapses.receptor]
        sorted_ = (synapses.sources[1:] >= synapses.sources[:-1]).all()
        order = slice(None) if sorted_ else np.argsort(synapses.sources, kind="stable")
        weights = synapses.weights[order]
        if (weights == weights[0]).all():
            weights = weights[:1]  # which need not be fetched
        deliver: Call = _delivery()(
            fired(pre),
            np.concatenate([[0], np.cumsum(np.bincount(synapses.sources, minlength=pre.N))]),
            synapses.targets[order].astype(np.int32),
            weights.copy() if how.sign == "+" else -weights,
            post.array(how.variable),
            post.array(how.scale) if how.scale else np.empty(0),
            int(synapses.delays[0]),
        )
        self.weights = synapses.weights
        self.deliveries = [deliver]
        self.learning: list[Call] = []
        self.updates: list[Call] = []


@cache
def _delivery() -> Any:
    from brian2.codegen.cpp_prefs import get_compiler_and_args
    from brian2.codegen.runtime.cython_rt.extension_manager import cython_extension_manager

    compiler, options = get_compiler_and_args()
    made = cython_extension_manager.create_extension(_CODE, compiler=compiler, extra_compile_args=options)
    return made.Delivery
