COMMENT
The Poisson spikes of a background to one neuron. How many there are in a step is drawn from the key, the rank
and the step alone, by the code of workers/simulators/keyed.py, put in place of the line KEYED below.

A spike of step k is sent `lead` ms before the end of that step.
ENDCOMMENT

VERBATIM
#include <stdint.h>
KEYED
ENDVERBATIM

NEURON {
    ARTIFICIAL_CELL KeyedPoisson
    RANGE key_0, key_1, key_2, key_3, own_rank, expected, silence, grid, lead
}

PARAMETER {
    key_0 = 0
    key_1 = 0
    key_2 = 0
    key_3 = 0
    own_rank = 0
    expected = 0   : spikes in a step
    silence = 1    : the chance that there is none
    grid = 1 (ms)  : the length of a step
    lead = 0 (ms)
}

ASSIGNED {
    at             : the step up to which is drawn
    events         : in that step
}

INITIAL {
    at = 0
    events = 0
    if (expected > 0) {
        seek()
        net_send(at*grid - lead - t, 1)
    }
}

NET_RECEIVE (w) {
    WHILE (events > 0) {
        net_event(t)
        events = events - 1
    }
    seek()
    net_send(at*grid - lead - t, 1)
}

: Goes to the next step with events, or some way ahead.
PROCEDURE seek() { LOCAL limit
    limit = at + 10000
    WHILE (events == 0 && at < limit) {
        at = at + 1
        events = drawn()
    }
}

FUNCTION drawn() {
VERBATIM
    double chance = uniform_of(
        (int32_t)(uint32_t)key_0, (int32_t)(uint32_t)key_1, (int32_t)(uint32_t)key_2,
        (int32_t)(uint32_t)key_3, (int32_t)own_rank, (int64_t)at);
    _ldrawn = poisson_of(chance, expected, silence);
ENDVERBATIM
}
