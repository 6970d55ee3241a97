"""A method's returned value as flat leaves and the structure that puts them together again.

The names of the leaves: a value that is no container is called "result"; the items of a tuple or list
"result.0", "result.1"; those of a dict or the fields of a record by their key, "rate", and by the keys on
the way where nested, "rates.mean". The structure says which leaf goes where, so that a name is only for
people: one already taken gets an underscore behind it. What else a store has under these names is the
store's own matter: it calls such a leaf "result.rate".

Sequences do not become a leaf per item. A list of numbers is one leaf, and so is each column of more than
`LONG` items of one structure, such as the spike times of each neuron.

Units are part of the structure; the numbers of a quantity are a leaf like others.
"""

from workers.values.decoding import decode
from workers.values.encoding import encode
from workers.values.node import MOST_LEAVES, Encoded, Leaf, Node, leaves_of, parsed, units_of

__all__ = ["MOST_LEAVES", "Encoded", "Leaf", "Node", "decode", "encode", "leaves_of", "parsed", "units_of"]
