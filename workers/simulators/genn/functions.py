"""The functions of updates in GeNN's dialect of C, which has none of one's own: calls are written out.

The operations are those of `updates.functions`, `updates.normal` and `keyed`, in the same order, so that GeNN
gives the same bits as they. GeNN misreads >>, so words are divided instead.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from workers.simulators.updates.functions import HIGH, LARGEST, LOW, PARTS, PER_PART, POWERS, SERIES
from workers.simulators.updates.normal import body as normal_body
from workers.simulators.updates.normal import polynomial_in_c

_DECLARED = re.compile(r"\b(?:scalar|double|bool|int|uint32_t|uint64_t) (\w+)")
TABLE = "powers"  # of 2: an array that each piece of code with an exponential is given


@dataclass(frozen=True)
class Function:
    """What a function does.

    Attributes
    ----------
    arguments : tuple of str
        Their names in the body.
    body : str
        Sets "value".
    type : str
        Of the arguments.
    """

    arguments: tuple[str, ...]
    body: str
    type: str = "scalar"

    def call(self, value: str, arguments: Sequence[str]) -> str:
        """Return code that declares a variable with the function's value; GeNN lets no name hide another."""
        given = [
            f"const {self.type} {value}_{name} = ({self.type}){argument};\n"
            for name, argument in zip(self.arguments, arguments, strict=True)
        ]
        own = "|".join({*self.arguments, *_DECLARED.findall(self.body)})
        body = re.sub(rf"\b({own})\b", rf"{value}_\1", self.body)
        return "".join([*given, f"scalar {value} = 0.0;\n", re.sub(r"\bvalue\b", value, body)])


_EXPONENTIAL = f"""\
const scalar near = fmin(fmax(x, {-LARGEST!r}), {LARGEST!r});
const scalar k = floor((near*{PER_PART!r}) + 0.5);
const scalar r = (near - (k*{HIGH!r})) - (k*{LOW!r});
const int whole = (int)k;
const int part = whole & {PARTS - 1};
const scalar raised = ldexp(({polynomial_in_c(SERIES, "r")})*{TABLE}[part], (whole - part)/{PARTS});
"""

_SMALL = "const bool small = fabs(x) < 1e-5;\n"

_UNIFORM = """\
uint32_t x0 = rank; uint32_t x1 = step; uint32_t x2 = key2; uint32_t x3 = key3;
uint32_t k0 = key0; uint32_t k1 = key1;
const uint64_t word = (uint64_t)65536 * (uint64_t)65536;
for(int i = 0; i < 10; i++) {
const uint64_t p0 = (uint64_t)x0 * (uint64_t)0xD2511F53U;
const uint64_t p1 = (uint64_t)x2 * (uint64_t)0xCD9E8D57U;
x0 = (uint32_t)(p1 / word) ^ x1 ^ k0; x1 = (uint32_t)p1;
x2 = (uint32_t)(p0 / word) ^ x3 ^ k1; x3 = (uint32_t)p0;
k0 += 0x9E3779B9U; k1 += 0xBB67AE85U;
}
value = (((scalar)(x0 / 32U))*67108864.0 + (scalar)(x1 / 64U))/9007199254740992.0;
"""

_POISSON = """\
scalar p = none; scalar reached = none;
while(u >= reached && value < 2000.0) { value += 1.0; p = p*mean/value; reached = reached + p; }
"""

FUNCTIONS = {
    "exponential": Function(("x",), f"{_EXPONENTIAL}value = raised;\n"),
    "linoid": Function(
        ("x",), f"{_EXPONENTIAL}{_SMALL}value = small ? (1.0 - (0.5*x)) : (x/(raised - 1.0));\n"
    ),
    "fading": Function(
        ("given",),
        f"const scalar x = -given;\n{_EXPONENTIAL}{_SMALL}"
        "value = small ? (1.0 - (0.5*given)) : ((1.0 - raised)/given);\n",
    ),
    "uniform_of": Function(("key0", "key1", "key2", "key3", "rank", "step"), _UNIFORM, "uint32_t"),
    "poisson_of": Function(("u", "mean", "none"), _POISSON),
    "normal_of": Function(("u",), normal_body("e = ilogb(p) + 1; m = ldexp(p, -e);")),
}


def parameters(code: str) -> list[tuple[str, str]]:
    """Return the arrays that code needs besides its own, as GeNN wants them."""
    return [(TABLE, "scalar*")] if f"{TABLE}[" in code else []


def fill(group: Any) -> None:
    """Give a group the arrays that its code needs."""
    if TABLE in group.extra_global_params:
        group.extra_global_params[TABLE].set_init_values(POWERS)
