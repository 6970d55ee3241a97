COMMENT
A synapse with short-term plasticity, as NEST's tsodyks2_synapse. A spike of the source makes the weight with
which it is sent; the weight waits with it, as the flag of an event.
ENDCOMMENT

NEURON {
    ARTIFICIAL_CELL TiringSynapse
    RANGE w, U, recover, forget, keeps, unit, wait, grid
    POINTER sent
}

PARAMETER {
    w = 0           : the weight of all resources
    U = 0.5
    recover = 1     : per step
    forget = 1      : per step
    keeps = 1       : 0 if all is forgotten at once
    unit = 1        : what the receptor is sent for a weight of 1
    wait = 1 (ms)   : until it is sent
    grid = 1 (ms)   : the length of a step
}

ASSIGNED {
    sent            : the weight of what leads to the receptor
    x               : what was left of the resources at the last spike
    u               : what it used of them
    last            : the step of that spike
    acts_at (ms)    : when the last spike was sent to the receptor
}

INITIAL {
    x = 1
    u = U
    last = -1e15
    acts_at = -1e15
}

NET_RECEIVE (source) { LOCAL now
    if (flag < 0) {
        if (t > acts_at) {
            sent = 0
            acts_at = t
            net_event(t)
        }
        sent = sent - flag*unit  : several at one time act as one
    } else {
        now = floor(t/grid + 0.5)
        x = 1 + (x - x*u - 1)*exp((last - now)*recover)
        u = U + keeps*u*(1 - U)*exp((last - now)*forget)
        last = now
        if (w*u*x > 0) {
            net_send(wait, -w*u*x)
        }
    }
}
