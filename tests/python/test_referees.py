"""Weir against databases that nobody here wrote: each shared function on edges and random values, then nested in random expressions.

A difference is blamed on the call where it arises: the values of its arguments were the same. It is a bug of Weir, or an entry of
`referees/exceptions.py`; an entry that explains nothing any more fails.
"""

import math
import os
import pathlib
import random

import pytest
from referees.engines import REFEREES, REFUSED, Failed, Weir
from referees.exceptions import AGGREGATE_EXCEPTIONS, EXCEPTIONS
from referees.functions import AGGREGATES, ANY_DEC, FUNCTIONS, PATTERN, REGEX, SHORT, SMALL
from referees.values import BIGINT, BOOL, DATE, DEC, DOUBLE, INT, INTS, TEXT, TEXTS, TIME, TS, same, table

ROOT = pathlib.Path(__file__).resolve().parents[2]
# The seed of CI; with another one, exceptions may have nothing to explain.
USUAL = 4
SEED = int(os.environ.get("WEIR_SEED", USUAL))
# Random expressions of more than one call, for each function as the outermost.
NESTED = int(os.environ.get("WEIR_NESTED", "1"))

# Columns; of each type three, so that no function has to be given one twice.
COLUMNS = [("id", "ID"), ("g", INT)] + [
    (name, ty)
    for ty, names in {
        INT: "i j k", BIGINT: "b b2 b3", DEC: "d d2 d3", DOUBLE: "x y z", BOOL: "p q r", TEXT: "s u v", DATE: "dt dt2 dt3",
        TS: "ts ts2 ts3", TIME: "tm tm2 tm3", INTS: "ia ia2 ia3", TEXTS: "ta ta2 ta3",
    }.items()
    for name in names.split()
] + [(name, INT) for name in ("n", "n2", "n3")] + [(name, TEXT) for name in ("c", "c2", "c3", "like1", "like2", "re1", "re2")]
SPECIAL = {SMALL: ("n", "n2", "n3"), SHORT: ("c", "c2", "c3"), PATTERN: ("like1", "like2"), REGEX: ("re1", "re2")}
POOLS = {
    "g": [0, 1, 2, None],
    "n": [0, 1, 2, 3, -1, -2, 5, 12, None],
    "c": ["", "a", "-", "ab", " ", "b", None],
    "like": ["", "%", "_", "a%", "%b%", "_b%", "%é", "ab", None],
    "re": ["a", "b+", "^a", "[0-9]", "é|b", "a.", "$", None],
}


def rows():
    rng = random.Random(SEED)
    out = table(COLUMNS, SEED)
    for row in out:
        for at, (name, _) in enumerate(COLUMNS):
            pool = next((POOLS[key] for key in POOLS if name.rstrip("123") == key), None)
            if pool:
                row[at] = rng.choice(pool)
    return out


def is_kind(declared, ty):
    """The type that values of an argument or a result have."""
    return {SMALL: INT, SHORT: TEXT, PATTERN: TEXT, REGEX: TEXT, ANY_DEC: DEC}.get(declared, declared)


class Call:
    """A call, or a column if there is no function."""

    def __init__(self, function, args, column=None):
        self.function, self.args, self.column = function, args, column

    def text(self, engine):
        if self.column:
            return self.column
        given = [a.text(engine) for a in self.args]
        template = self.function.text(engine)
        return None if template is None or None in given else template.format(*given)

    def out(self):
        return dict(COLUMNS)[self.column] if self.column else is_kind(self.function.out, None)


def columns_of(declared):
    names = SPECIAL.get(declared) or [n for n, ty in COLUMNS if ty == declared and n not in ("g",) and n.rstrip("123") not in POOLS]
    return [Call(None, [], n) for n in names]


def simple(function):
    """A call of columns, each its own, as far as there are."""
    used = {}
    args = []
    for declared in function.args:
        at = used[declared] = used.get(declared, -1) + 1
        names = columns_of(declared)
        args.append(names[at % len(names)])
    return Call(function, args)


def nested(function, depth, rng):
    by_out = {}
    for f in FUNCTIONS:
        by_out.setdefault(f.out, []).append(f)

    def argument(declared, depth):
        if depth == 0 or declared not in by_out or rng.random() < 0.3:
            return rng.choice(columns_of(declared))
        inner = rng.choice(by_out[declared])
        return Call(inner, [argument(a, depth - 1) for a in inner.args])

    return Call(function, [argument(a, depth) for a in function.args])


class Judge:
    """All databases with the same table, and what they said."""

    def __init__(self, binary):
        self.data = rows()
        self.weir = Weir(binary, COLUMNS, self.data)
        self.referees = {name: make(COLUMNS, self.data) for name, make in REFEREES.items()}
        self.known = {}
        self.used = set()
        self.wrong = []
        self.compared = {name: set() for name in REFEREES}
        self.count = 0

    def values(self, name, calls):
        """Values of calls by row, each asked for once."""
        memory = self.known.setdefault(name, {})
        engine = self.weir if name == "weir" else self.referees[name]
        new = {}
        for call in calls:
            text = call.text(name)
            if text not in memory:
                new[text] = call.out()
        texts = list(new)
        for at in range(0, len(texts), 40):
            chunk = texts[at : at + 40]
            memory.update(zip(chunk, engine.values(chunk, [new[t] for t in chunk])))
        return [memory[call.text(name)] for call in calls]

    def compare(self, calls):
        for name in self.referees:
            of = [c for c in calls if c.text(name) is not None]
            every = [c for call in of for c in [call, *call.args]]
            ours = dict(zip(map(id, every), self.values("weir", every)))
            theirs = dict(zip(map(id, every), self.values(name, every)))
            for call in of:
                self.compared[name].add((call.function.name, call.function.args))
                for row in range(len(self.data)):
                    self.row(name, call, [(ours[id(a)][row], theirs[id(a)][row], a.out()) for a in call.args], ours[id(call)][row], theirs[id(call)][row])

    def row(self, name, call, args, a, b):
        # Only calls of the same values are compared.
        if any(isinstance(x, Failed) or isinstance(y, Failed) or not same(x, y, ty) or inexact(x, y) for x, y, ty in args):
            return
        self.count += 1
        if isinstance(a, Failed) and isinstance(b, Failed):
            return
        if not isinstance(a, Failed) and not isinstance(b, Failed) and same(a, b, call.out()):
            return
        given = [x for x, _, _ in args]
        for at, e in enumerate(EXCEPTIONS):
            first = call.function.args[0] if args else None
            if e.of(name, call.function.name, first) and holds(e, given, a, b):
                self.used.add(at)
                return
        self.wrong.append((name, call.function.name, call.text("weir"), call.text(name), given, show(a), show(b)))


def holds(exception, args, ours, theirs):
    try:
        return exception.when(args, ours, theirs)
    except (TypeError, AttributeError, IndexError):
        # About values, but one is NULL, or an argument that is not there.
        return False


def inexact(x, y):
    """Whether these are floats that are the same only by our leave: other digits, or zeros of other signs."""
    return isinstance(x, float) and (x != y and x == x or math.copysign(1, x) != math.copysign(1, y) and x == 0)


def show(value):
    return f"error: {value[:300]}" if isinstance(value, Failed) else repr(value)


@pytest.fixture(scope="module")
def binary():
    target = os.environ.get("CARGO_TARGET_DIR", ROOT / "target")
    return os.environ.get("WEIR_EVALUATE", str(pathlib.Path(target) / "debug" / "examples" / "evaluate"))


@pytest.fixture(scope="module")
def judge(binary):
    judge = Judge(binary)
    yield judge
    judge.weir.close()


def report(wrong):
    """A line for each function and referee, with an example and how many there are."""
    first = {}
    for w in wrong:
        first.setdefault((w[0], w[1]), []).append(w)
    return "\n".join(f"{len(ws)}x {ws[0][0]}: {ws[0][2]}\n    {ws[0][3]}\n" + "\n".join(f"    {w[4]!r}: Weir {w[5]}, referee {w[6]}" for w in ws[:4]) for ws in first.values())


def test_functions(judge):
    calls = [simple(f) for f in FUNCTIONS]
    rng = random.Random(SEED)
    judge.compare(calls)
    alone = judge.count
    judge.compare([nested(f, 2, rng) for f in FUNCTIONS for _ in range(NESTED)])
    refused = {c.text("weir"): judge.known["weir"][c.text("weir")][0] for c in calls}
    refused = {text: v for text, v in refused.items() if isinstance(v, Failed) and v.startswith(REFUSED)}
    assert not refused, refused
    for name, engine in judge.referees.items():
        here = {c.text(name) for c in calls}
        refused = {text: why[:300] for text, why in engine.refused.items() if text in here}
        assert not refused, f"{name} refuses {refused}"
    for name, of in judge.compared.items():
        print(f"{name}: {len(of)} forms of {len({n for n, _ in of})} functions")
    names = {n for of in judge.compared.values() for n, _ in of}
    print(f"{len(names)} functions and operators; {alone} values of calls of columns, {judge.count - alone} of nested calls")
    assert not judge.wrong, f"{len(judge.wrong)} differences\n{report(judge.wrong)}"
    stale = [e.reason for at, e in enumerate(EXCEPTIONS) if at not in judge.used]
    assert not stale or SEED != USUAL, f"exceptions that explain nothing: {stale}"


def test_aggregates(judge):
    wrong, used = [], set()
    for name, ours, lite, duck, fusion, ty in AGGREGATES:
        for group in ("g", None):
            def select(what):
                return f"SELECT {group}, {what} AS x FROM t GROUP BY {group}" if group else f"SELECT 0 AS a, {what} AS x FROM t WHERE id < 0"

            got = judge.weir.groups(select(ours), ty)
            for referee, text in (("sqlite", lite), ("duckdb", duck), ("datafusion", fusion)):
                if text is None:
                    continue
                want = judge.referees[referee].groups(select(text), ty)
                if isinstance(got, Failed) or got.keys() != want.keys() or not all(same(got[k], want[k], ty) for k in got):
                    at = next((i for i, e in enumerate(AGGREGATE_EXCEPTIONS) if e.of(referee, name, None) and holds(e, [group], got, want)), None)
                    if at is None:
                        wrong.append(f"{referee}, {name} by {group}: Weir {got}, referee {want}")
                    else:
                        used.add(at)
    assert not wrong, "\n".join(wrong)
    stale = [e.reason for at, e in enumerate(AGGREGATE_EXCEPTIONS) if at not in used]
    assert not stale or SEED != USUAL, f"exceptions that explain nothing: {stale}"
