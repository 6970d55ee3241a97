{# USES_VARIABLES { N } #}
{# Finds what Brian2's own template finds. Most neurons do not fire: eight are tested at once. #}
{% extends 'common_group.pyx' %}

{% block maincode %}
    # scalar code
    _vectorisation_idx = 1
    {{ scalar_code | autoindent }}

    {% set _eventspace = get_array_name(eventspace_variable) %}
    cdef size_t _cpp_numevents = 0
    cdef size_t _first, _last
    cdef double _any

    for _first in range(0, <size_t>N, 8):
        _last = min(<size_t>(_first + 8), <size_t>N)
        _any = 0.0  # as wide as what is compared
        for _idx in range(_first, _last):
            _vectorisation_idx = _idx
            {{ vector_code | autoindent }}
            _any = 1.0 if _cond else _any
        if _any == 0.0:
            continue
        for _idx in range(_first, _last):
            _vectorisation_idx = _idx
            {{ vector_code | autoindent }}
            {{_eventspace}}[_cpp_numevents] = _idx
            _cpp_numevents += _cond
    {{_eventspace}}[N] = _cpp_numevents
{% endblock %}
