COMMENT
A synapse with STDP of all pairs of spikes, as NEST's stdp_synapse: the whole delay is dendritic, so that a spike
of the source is at the synapse at once, and one of the target after the delay. Of two that are there in one
step neither sees the other; that of the target has to come first. A spike is sent with the weight of that time:
the weight waits with it, as the flag of an event.

Received with a weight of 1 it is a spike of the source, with 0 one of the target.
ENDCOMMENT

NEURON {
    ARTIFICIAL_CELL LearningSynapse
    RANGE w, w_max, A_plus, A_minus, fade_plus, fade_minus, soft, unit, wait, grid
    POINTER sent
}

PARAMETER {
    w = 0           : the present weight, a magnitude
    w_max = 1
    A_plus = 0
    A_minus = 0
    fade_plus = 1   : per step
    fade_minus = 1
    soft = 0        : 1 if changes depend on the weight
    unit = 1        : what the receptor is sent for a weight of 1
    wait = 1 (ms)   : until it is sent
    grid = 1 (ms)   : the length of a step
}

ASSIGNED {
    sent            : the weight of what leads to the receptor
    plus
    minus
    sent_at         : the step of the last spike of the source ...
    told_at         : ... and of the target
    acts_at (ms)    : when the last spike was sent to the receptor
}

INITIAL {
    plus = 0
    minus = 0
    sent_at = -1e15
    told_at = -1e15
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
        if (source < 0.5) {
            potentiate(now)
        } else {
            depress(now)
            if (w > 0) {
                net_send(wait, -w)
            }
        }
    }
}

PROCEDURE depress(now) { LOCAL seen
    seen = minus*exp((told_at - now)*fade_minus)
    if (told_at == now) {
        seen = seen - 1
    }
    if (soft > 0.5) {
        w = w - A_minus*w*seen
    } else {
        w = w - A_minus*w_max*seen
    }
    if (w < 0) {
        w = 0
    }
    plus = plus*exp((sent_at - now)*fade_plus) + 1
    sent_at = now
}

PROCEDURE potentiate(now) {
    w = w + A_plus*(w_max - soft*w)*plus*exp((sent_at - now)*fade_plus)
    if (w > w_max) {
        w = w_max
    }
    if (w < 0) {
        w = 0
    }
    minus = minus*exp((told_at - now)*fade_minus) + 1
    told_at = now
}
