"""The Zarr store of a sweep: what is written, how it is found again, and how damage to it is mended.

bytes on disk
    `chunks`: a chunk as a file; `array`, `arrays`: one array, and all of a store; `root`: what is committed.
columns of values
    `layout`, `blocks`, `columns`; `parameters`: what is a column of these.
what is in every store
    `schema`, `axes`; `catalog`, `structures`: how values are put together, and whether they fit one another.
which sweep it is
    `identity`, `known`: its networks; `fingerprint`: its method; `provenance`, `origins`: where rows come
    from; `differences`: between two networks.
writing
    `keeping` opens a store for a call, with a `lease`; `gather` brings parts into the Store of `writing`;
    `heads`: the job that does so.
reading
    `reading`: the Reader; `verified`: the files as zarr gets them.
damage
    `damage` finds it, `repair` takes it out.
"""
