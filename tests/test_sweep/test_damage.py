"""What is damaged is named, never read as data, and repaired by running the same call again."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zarr
from click.testing import CliRunner

import sweep
from sweep import Results, parallel_run
from sweep.commands.check import check as command
from sweep.results.same import same
from sweep.status import status
from sweep.store import arrays, root
from sweep.store.damage import SPOOL, check
from sweep.store.known import NAMES
from sweep.store.root import WORK, DamagedStore
from sweep.store.schema import REPLACED
from workers.folder import LocalFolder

NUMBER = 24


def method(idx: int, net: Any, a: int) -> Any:
    if idx % 8 == 7:
        raise ValueError(f"network {idx}")
    return {"n": idx, "s": f"text {idx}", "t": np.arange(idx % 5) + net.rng.random(), "v": np.full(3, a / 2)}


def run(path: Path, number: int = NUMBER, **more: Any) -> Results:
    a = [*range(number)]
    return parallel_run(method, a=a, store=path, seed=3, cluster="debug", on_error="keep", **more)


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A store of many small chunks."""
    monkeypatch.setattr(arrays, "LONGEST_CHUNK", 5)
    monkeypatch.setattr(arrays, "LONGEST_OF_NETWORKS", 5)
    run(tmp_path / "s.zarr")
    return tmp_path / "s.zarr"


def chunks(store: Path) -> list[Path]:
    return sorted(store.rglob("c.*"))


def values(results: Results) -> list[Any]:
    return [getattr(v, "message", v) for v in results]


def damaged(file: Path, how: str, dice: random.Random) -> None:
    data = bytearray(file.read_bytes())
    if how == "missing":
        file.unlink()
        return
    if how == "flipped":
        data[dice.randrange(len(data))] ^= 1 << dice.randrange(8)
    file.write_bytes(data[: dice.randrange(len(data))] if how == "cut" else data)


def test_a_whole_store(store: Path) -> None:
    assert check(store) == []
    result = CliRunner().invoke(command, [str(store)])
    assert (result.exit_code, result.output) == (0, f"{store} is whole.\n")


@pytest.mark.parametrize("how", ["flipped", "cut", "missing"])
def test_every_damaged_chunk_is_named_and_repaired(store: Path, how: str) -> None:
    whole, dice = values(run(store)), random.Random(how)
    files = chunks(store)
    assert len(files) > 60
    for file in dice.sample(files, 5):
        if not file.exists():  # it held texts of a kind that the repair left out
            continue
        damaged(file, how, dice)
        (found,) = check(store)
        assert found.file == str(file)
        assert found.array in str(found)
        before = zarr.open_group(store, mode="r")["network"].shape[0]
        assert same(values(run(store)), whole)
        assert check(store) == []
        after = zarr.open_group(store, mode="r")["network"][:]
        assert len(after) - before <= max(5, found.stop - found.start) + 5
        assert sorted(after[after >= 0].tolist()) == [*range(NUMBER)]


def test_much_damage_at_once(store: Path) -> None:
    whole, dice = values(run(store)), random.Random(2)
    for file in dice.sample(chunks(store), 20):
        damaged(file, dice.choice(["flipped", "cut", "missing"]), dice)
    assert len(check(store)) == 20
    result = CliRunner().invoke(command, [str(store)])
    assert result.exit_code == 1
    assert "20 damaged" in result.output
    assert same(values(run(store)), whole)
    assert check(store) == []


def test_only_damaged_rows_are_run_again(store: Path) -> None:
    (store / "v" / "c.1.0").unlink()
    held = zarr.open_group(store, mode="r")["network"][5:10]
    run(store)
    group = zarr.open_group(store, mode="r")
    after, status = group["network"][:], group["status"][:]
    assert sorted(after[NUMBER:].tolist()) == sorted(held.tolist())
    assert (
        np.flatnonzero(after < 0).tolist() == np.flatnonzero(status == REPLACED).tolist() == [*range(5, 10)]
    )


@pytest.mark.parametrize("how", ["flipped", "cut", "missing"])
def test_damaged_chunks_are_never_read_as_data(store: Path, how: str) -> None:
    damaged(store / "n" / "c.2", how, random.Random(1))
    results = sweep.open(store)
    what = "is missing" if how == "missing" else "differs from its checksum"
    for reading in (lambda: [*results], lambda: results.dataset["n"].values):
        with pytest.raises(DamagedStore, match=rf"n/c\.2: {what}; 'sweep check .*s.zarr' lists"):
            reading()
    assert len(results.errors) == NUMBER // 8


@pytest.mark.parametrize("how", ["flipped", "cut", "missing"])
def test_a_damaged_root_is_never_read_and_is_repaired_from_its_copy(store: Path, how: str) -> None:
    whole, dice = values(run(store)), random.Random(how)
    before = zarr.open_group(store, mode="r")["network"].shape
    for name in (root.FILE, root.COPY):
        damaged(store / name, how, dice)
        (found,) = check(store)
        assert found.file == str(store / name)
        if name == root.FILE:
            with pytest.raises(
                DamagedStore, match=r"s.zarr/zarr.json is .*; running the sweep again restores"
            ):
                sweep.open(store)
        assert same(values(run(store)), whole)
        assert check(store) == []
    assert zarr.open_group(store, mode="r")["network"].shape == before


@pytest.mark.parametrize("how", ["flipped", "missing"])
def test_results_without_a_root_are_not_overwritten(store: Path, how: str) -> None:
    (store / root.FILE).unlink()
    damaged(store / root.COPY, how, random.Random(how))
    before = [chunk.read_bytes() for chunk in chunks(store)]
    for reading in (run, sweep.open, check, status):
        with pytest.raises(DamagedStore, match=r"zarr.json .* copy, .*Restore one of the two from a backup"):
            reading(store)
    result = CliRunner().invoke(command, [str(store)])
    assert (result.exit_code, "its copy, network/.sweep/root.z" in result.output) == (1, True)
    assert [chunk.read_bytes() for chunk in chunks(store)] == before
    number = zarr.open_array(store / "n", mode="r")[:]  # as the message says
    assert sorted(number[number >= 0].tolist()) == [i for i in range(NUMBER) if i % 8 != 7]


def test_a_part_without_a_root_is_not_overwritten(tmp_path: Path) -> None:
    part = tmp_path / "s.zarr" / WORK / SPOOL / "0-abc.npz"
    part.parent.mkdir(parents=True)
    part.write_bytes(b"reported done")
    for reading in (run, sweep.open, check):
        with pytest.raises(DamagedStore, match=r"holds results, but zarr\.json and its copy"):
            reading(tmp_path / "s.zarr")
    assert part.read_bytes() == b"reported done"


def test_every_byte_of_the_root_counts(store: Path) -> None:
    data = (store / root.FILE).read_bytes()
    for place in [*range(150), *random.Random(1).sample(range(len(data)), 150)]:
        flipped = bytearray(data)
        flipped[place] ^= 1 << place % 8
        (store / root.FILE).write_bytes(flipped)
        with pytest.raises(DamagedStore, match=r"zarr.json is damaged"):
            root.read(LocalFolder(store))


def test_damaged_metadata_of_an_array_is_named_and_repaired(store: Path) -> None:
    for file in (store / "n" / "zarr.json", store / "timings" / "zarr.json"):
        for how in ("flipped", "cut", "missing"):
            damaged(file, how, random.Random(how))
            (found,) = check(store)
            assert found.file == str(file)
            before = zarr.open_group(store, mode="r")["network"].shape
            run(store)
            assert check(store) == []
            assert zarr.open_group(store, mode="r")["network"].shape == before


def test_a_store_is_whole_when_a_commit_was_interrupted(tmp_path: Path) -> None:
    run(tmp_path / "s.zarr")
    before = {f: f.read_bytes() for f in (tmp_path / "s.zarr").rglob("zarr.json")}
    copy = (tmp_path / "s.zarr" / root.COPY).read_bytes()
    run(tmp_path / "s.zarr", NUMBER + 1)
    (tmp_path / "s.zarr" / root.COPY).write_bytes(copy)
    for file in (tmp_path / "s.zarr" / "n" / "zarr.json", tmp_path / "s.zarr" / "s" / "zarr.json"):
        file.write_bytes(before[file])
    assert check(tmp_path / "s.zarr") == []


def test_damaged_parts_are_put_away_and_run_again(tmp_path: Path) -> None:
    path = tmp_path / "s.zarr"
    run(path, 2)
    (path / WORK / SPOOL / "9-abc.npz").write_bytes(b"no part")
    (found,) = check(path)
    assert Path(found.file).name == "9-abc.npz"
    run(path, 4)
    assert check(path) == []
    assert [f.name for f in (path / WORK / "bad").iterdir()] == ["9-abc.npz"]


@pytest.mark.parametrize("name", NAMES)
def test_a_damaged_plan_is_repaired_and_nothing_is_run_again(store: Path, name: str) -> None:
    whole, plan = values(run(store)), store / WORK / name
    before, content = zarr.open_group(store, mode="r")["network"][:], plan.read_bytes()
    for damage in (plan.unlink, lambda: plan.write_bytes(content[:-9]), lambda: plan.write_bytes(b"no plan")):
        damage()
        assert [d.file for d in check(store)] == [str(plan)]
        assert same(values(run(store)), whole)
        assert check(store) == []
        assert plan.read_bytes() == content
        assert (zarr.open_group(store, mode="r")["network"][:] == before).all()


def test_a_root_or_plan_beyond_repair(store: Path) -> None:
    for name in NAMES:
        (store / WORK / name).write_bytes(b"no plan")
    with pytest.raises(ValueError, match=r"plan.npz is damaged, and so is its copy"):
        run(store)
    (store / root.FILE).write_text("{")
    (store / root.COPY).write_text("{")
    with pytest.raises(DamagedStore, match=r"zarr.json is damaged"):
        check(store)
