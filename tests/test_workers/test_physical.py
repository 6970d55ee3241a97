"""Quantities and neo's objects, taken apart and put together."""

from __future__ import annotations

import datetime
import subprocess
import sys
from typing import Any

import neo
import numpy as np
import pytest
import quantities as pq
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from neo_values import SEGMENTS, identical, signal, spike_train

from workers.values import decode, encode, leaves_of, units_of

UNITS = st.sampled_from(["mV", "ms", "1/ms", "nA/(cm**2*s)", "dimensionless", "uS", "kg*m/s**2", "%"])
NUMBERS = hnp.arrays(
    st.sampled_from(["f8", "f4", "i4", "c16", "?"]), hnp.array_shapes(min_dims=0, min_side=0, max_side=3)
)
QUANTITIES = st.builds(lambda a, u: pq.Quantity(a, u, dtype=a.dtype), NUMBERS, UNITS)
VALUES = st.recursive(
    QUANTITIES | SEGMENTS | st.none() | st.floats(allow_nan=False),
    lambda v: (
        st.lists(v, max_size=10) | st.tuples(v, v) | st.dictionaries(st.text(max_size=3), v, max_size=3)
    ),
    max_leaves=10,
)


def again(value: Any) -> Any:
    encoded = encode(value)
    assert leaves_of(encoded.structure) == set(encoded.leaves)
    return decode(encoded.structure, encoded.leaves)


@settings(max_examples=60, deadline=None)
@given(VALUES)
def test_comes_back_with_its_units(value: Any) -> None:
    assert identical(again(value), value)


def test_all_that_a_spike_train_holds() -> None:
    train = spike_train([1.0, 2.0], name="a", cell=3, threshold=-50 * pq.mV, tags=["x", "y"])
    train.array_annotations["order"] = np.array([1, 0])
    train.waveforms = np.zeros((2, 1, 4)) * pq.uV
    train.left_sweep = 1 * pq.ms
    assert identical(again(train), train)


def test_trains_of_a_segment_are_a_few_leaves() -> None:
    segment = neo.Segment(name="cells", index=3)
    segment.spiketrains.extend([spike_train(np.arange(i, dtype=float)) for i in range(5)])
    segment.analogsignals.append(signal(np.zeros((4, 2), "f4")))
    encoded = encode({"exc": segment})
    assert len(encoded.leaves) < 12
    assert units_of(encoded.structure)["exc.analogsignals.0.signal"] == "mV"
    assert units_of(encoded.structure)["exc.spiketrains.times"] == "ms"
    assert "exc.name" not in units_of(encoded.structure)
    back = again(segment)
    assert back.spiketrains[1].segment is back
    assert identical(back, segment)


def test_annotations_may_have_any_name() -> None:
    train = spike_train([1.0])
    train.annotations.update({"units": "odd", "t_stop": 3})
    assert identical(again(train), train)


def test_an_array_changed_afterwards_does_not_change_what_was_returned() -> None:
    numbers = pq.Quantity(np.zeros(3), "mV")
    encoded = encode(numbers)
    numbers[:] = 1 * pq.mV
    assert not decode(encoded.structure, encoded.leaves).any()


EVENTS = [
    neo.Event([1.0, 2.5] * pq.s, labels=["on", "öff"], name="light", trial=3),
    neo.Event([] * pq.ms),
    neo.Event([1.0, 2.0] * pq.ms, array_annotations={"side": np.array(["l", "r"])}),
    neo.Epoch([1.0, 2.0] * pq.s, durations=[0.5, 0.25] * pq.ms, labels=["a", "b"], description="rest"),
    neo.Epoch([1.0] * pq.s, durations=[0.5] * pq.s),
    neo.IrregularlySampledSignal([0.0, 0.1, 3.0] * pq.s, [[1, 2], [3, 4], [5, 6]] * pq.nA, name="i"),
]


@pytest.mark.parametrize("value", EVENTS, ids=lambda v: f"{type(v).__name__}{len(v)}")
def test_events_epochs_and_irregular_signals(value: Any) -> None:
    assert identical(again(value), value)
    assert identical(again({"a": [value, 1]})["a"][0], value)


def test_a_segment_with_all_that_is_stored() -> None:
    segment = neo.Segment(name="all")
    segment.events.extend(EVENTS[:3])
    segment.epochs.extend(EVENTS[3:5])
    segment.irregularlysampledsignals.append(EVENTS[5])
    segment.spiketrains.append(spike_train([1.0]))
    back = again(segment)
    assert identical(back, segment)
    assert back.epochs[0].segment is back


def _with_images() -> neo.Segment:
    segment = neo.Segment()
    images = neo.ImageSequence(
        np.zeros((1, 2, 2)), units="V", sampling_rate=1 * pq.Hz, spatial_scale=1 * pq.um
    )
    segment.imagesequences.append(images)
    return segment


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ({"v": [pq.CompoundUnit("1/cm**2") * 2]}, r"['v'][0] has the unit '(1/cm**2)'"),
        ((1, _with_images()), "[1] has imagesequences"),
        ({"g": [neo.Group()]}, "['g'][0] is a <class 'neo.core.group.Group'>"),
        (neo.Segment(rec_datetime=datetime.datetime(2026, 1, 1)), "has rec_datetime"),
        (neo.Block(), "neo.core.block.Block"),
        (
            spike_train([1.0], day=datetime.date(2026, 1, 1)),
            ".annotations['day'] is a <class 'datetime.date'>",
        ),
        (pq.mV, "UnitQuantity"),
    ],
    ids=lambda v: str(v)[:20],
)
def test_what_cannot_be_stored_is_named_by_its_path(value: Any, words: str) -> None:
    with pytest.raises(TypeError) as error:
        encode(value)
    assert words in str(error.value)


@pytest.mark.parametrize("units", ["9**9**9", "__import__('os')", "mV.__class__", "(mV", "nosuchunit"])
def test_a_unit_in_a_store_is_nothing_but_a_unit(units: str) -> None:
    encoded = encode(2.0 * pq.mV)
    with pytest.raises(LookupError):
        decode(encoded.structure.replace("mV", units), encoded.leaves)


def test_nothing_is_imported_for_other_values() -> None:
    code = (
        "import sys; from workers.values import encode, decode; import numpy as np\n"
        "e = encode({'a': [1.0, np.arange(3)]}); decode(e.structure, e.leaves)\n"
        "assert not {'neo', 'quantities'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize(
    "trains",
    [
        [spike_train([1.0, 2.0]), spike_train([]), spike_train([3.0])],
        [spike_train([1.0], units="s"), spike_train([2.0], units="s")],
        [spike_train([1.0], sampling_rate=None), spike_train([2.0], sampling_rate=None)],
        [spike_train([1.0]), spike_train([2.0], units="s")],
        [spike_train([1.0]), spike_train([2.0], name="x")],
        [spike_train([1.0], cell=3), spike_train([2.0], cell=4)],
        [spike_train([1.0], array_annotations={"a": [1]}), spike_train([2.0], array_annotations={"a": [2]})],
    ],
)
def test_trains_taken_at_once_are_as_one_by_one(trains: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    segment = neo.Segment()
    segment.spiketrains.extend(trains)
    encoded = encode(segment)
    assert identical(decode(encoded.structure, encoded.leaves), segment)
    monkeypatch.setattr("workers.values.physical.alike", lambda *_: None)
    slow = encode(segment)
    assert (encoded.structure, [*encoded.leaves]) == (slow.structure, [*slow.leaves])
    for name, leaf in slow.leaves.items():
        np.testing.assert_array_equal(encoded.leaves[name], leaf)
        assert np.asarray(encoded.leaves[name]).dtype == np.asarray(leaf).dtype
