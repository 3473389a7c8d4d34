"""The parser and the evaluator of constants."""

from pathlib import Path

import pytest

from scripts.upstream_sync.syntax.evaluator import Evaluator
from scripts.upstream_sync.syntax.parsing import find_faults, parse
from scripts.upstream_sync.syntax.scopes import Place, Scope
from scripts.upstream_sync.syntax.values import UnresolvedError, to_json
from tests.upstream.modules import make_modules

NEWER_THAN_OURS = """
type Pair[T] = tuple[T, T]


def first[T: int](pair: Pair[T]) -> T:
    return pair[0]


class Box[T]:
    label = f"{'a' + f"{"b"}"}"


match label:
    case {"kind": str(kind), **rest} if kind:
        pass

try:
    pass
except* (OSError, ValueError) as group:
    pass

try:
    pass
except OSError, ValueError:
    pass

with (open("a") as a, open("b") as b):
    print(a, b)

text = t"{label}"
"""


def evaluate(expression: str, **files: str):
    """Of a name `it` in a module `app.main`; other modules by name, `__` for a dot."""
    others = {f"app/{name.replace('__', '/')}.py": text for name, text in files.items()}
    modules = make_modules({"app/__init__.py": "", **others, "app/main.py": f"{expression}\n"})
    main = modules.find("app.main")
    assert main is not None
    return to_json(Evaluator(modules).module_attribute(main, "it"))


def test_grammar_that_is_newer_than_our_python_is_read():
    assert find_faults(parse(NEWER_THAN_OURS.encode())) == []


@pytest.mark.parametrize(
    ("source", "line"),
    [("a = 1\ndef f(:\n    pass\n", 2), ("x = (1,\n", 1), ("a = 1\nb = = 2\n", 2), ("§ = 3", 1)],
)
def test_what_is_no_python_is_told_with_its_line(source, line):
    assert find_faults(parse(source.encode()))[0] == line


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("it = 250_000", 250000),
        ("it = 0x10 + 0b1", 17),
        ("it = 1.5e3", 1500.0),
        ("it = -2 ** 2", -4),
        ("it = 60 * 60 * 24", 86400),
        ("it = 'a' \"b\" + 'c'", "abc"),
        ("it = r'\\d' + '\\t\\u00e9'", "\\d\té"),
        ('it = """a\\\n  b"""', "a  b"),
        ("n = 'x'\nit = f'/{n}/{{id}}/{3:02d}'", "/x/{id}/03"),
        ("it = '{}-{b}'.format('a', b=1)", "a-1"),
        ("it = ', '.join(['a', 'b'])", "a, b"),
        ("it = [1, *[2, 3]]", [1, 2, 3]),
        ("it = (1, 2)", [1, 2]),
        ("it = 1, 2", [1, 2]),
        ("it = {'a': 1, **{'b': 2}} | {'c': 3}", {"a": 1, "b": 2, "c": 3}),
        ("it = {'b', 'a'}", ["a", "b"]),
        ("it = list(set(['b', 'a', 'c']) - set(['c']))", ["a", "b"]),
        ("it = sorted({'b', 'a'})", ["a", "b"]),
        ("it = [x for x in ('a', 'b', 'c') if x != 'b']", ["a", "c"]),
        ("it = {k: v for k, v in {'a': 1}.items()}", {"a": 1}),
        ("it = [x + y for x in 'ab' for y in 'cd']", ["ac", "ad", "bc", "bd"]),
        ("it = 'a' if True else unknown", "a"),
        ("it = None or 'b'", "b"),
        ("it = {'a': {'b': [7]}}['a']['b'][0]", 7),
        ("a = b = 4\nit = a + b", 8),
        ("a, it = 1, 2", 2),
        ("it = [1]\nit += [2]", [1, 2]),
        ("it: list[str] = ['a']", ["a"]),
        ("if True:\n    it = 3", 3),
        ("class C:\n    A = 1\n    B = A + 1\nit = C.B", 2),
        ("class B:\n    A = 1\nclass C(B):\n    pass\nit = C.A", 1),
        ("from datetime import timedelta\nit = timedelta(hours=2)", {"seconds": 7200}),
        ("from decimal import Decimal\nit = Decimal('1.20')", "1.20"),
        ("import os\nit = os.getenv('A', 'b')", {"call": "environment", "args": ["A", "b"]}),
        ("import os\nit = os.environ['A']", {"call": "environment", "args": ["A"]}),
        ("def f(a, b=2):\n    '''Says it.'''\n    c = a + b\n    return [c]\nit = f(1)", [3]),
        ("import copy\na = {'x': 1}\nit = {**copy.deepcopy(a), 'y': 2}", {"x": 1, "y": 2}),
    ],
)  # fmt: skip
def test_constants_in_substance_are_evaluated(expression, value):
    assert evaluate(expression) == value


@pytest.mark.parametrize(
    ("members", "value"),
    [
        ("import enum\nclass E(enum.StrEnum):\n    A = 'a'\n    B = enum.auto()\n", ["a", "b"]),
        ("from enum import Enum\nclass E(str, Enum):\n    A = 'a'\n    B = 'c'\n", ["a", "c"]),
        ("from enum import Enum, auto\nclass E(Enum):\n    A = auto()\n    B = auto()\n", [1, 2]),
    ],
)
def test_enumerations_are_their_members(members, value):
    for how in ("[e.value for e in E]", "list(E)", "[E.A, E.B]", "[E.A.value, E.B.value]"):
        assert evaluate(f"{members}it = {how}") == value


@pytest.mark.parametrize(
    "line",
    [
        "from app.far import A as it",
        "from app import far\nit = far.A",
        "import app.far\nit = app.far.A",
        "from .far import A\nit = A",
        "from app.far import *\nit = A",
        "from app.between import B as it",
    ],
)
def test_names_are_followed_across_modules(line):
    assert evaluate(line, far="A = 'found'", between="from app.far import A as B") == "found"


@pytest.mark.parametrize(
    "expression",
    [
        "it = unknown",
        "it = it",
        "a = it\nit = a",
        "it = [x for x in unknown]",
        "it = 1 / 0",
        "it = {}['a']",
        "it = {[]: 1}",
        "it = 'a' + 1",
        "it: str",
        "import requests\nit = requests.get('x').text['a']",
        "import os\nit = 'a' if os.getenv('X') else 'b'",
        "for it in [1]:\n    pass",
        "it = [unknown]",
        "it = {'a': unknown}",
        "from app.nowhere import x as it\nit = it['a']" + "[0]" * 200,
    ],
)
def test_what_cannot_be_known_is_said_to_be_unresolved(expression):
    with pytest.raises(UnresolvedError):
        evaluate(expression)


def test_a_function_that_does_something_stays_a_call():
    assert evaluate("def f():\n    g()\n    return 1\nit = f()") == {"call": "f", "args": []}


def test_two_ways_to_the_same_thing_are_one_place():
    modules = make_modules({
        "app/__init__.py": "", "app/a.py": "thing = 1", "app/b.py": "from app.a import thing as other",
        "app/c.py": "from app import a\nfrom app.b import other\none = a.thing\ntwo = other\n",
    })  # fmt: skip
    evaluator, module = Evaluator(modules), modules.find("app.c")
    assert module is not None
    places = {
        evaluator.place_of(bound[-1].child_by_field_name("right"), Scope(module))
        for name, bound in module.names.items()
        if name in {"one", "two"}
    }
    assert places == {Place("app.a", "thing")}


def test_a_module_set_remembers_where_it_looked():
    modules = make_modules(
        {"app/a.py": "from app.b import B\nfrom app.gone import C\nit = B", "app/b.py": "B = 1"}
    )
    module = modules.find("app.a")
    assert module is not None
    Evaluator(modules).module_attribute(module, "it")
    assert modules.looked_into["app/b.py"]
    Evaluator(modules).module_attribute(module, "C")
    assert modules.looked_into["app/gone.py"] is None


def test_nothing_of_upstream_is_run(tmp_path: Path):
    witness = tmp_path / "ran"
    evaluate(f"open({str(witness)!r}, 'w').write('x')\nit = 1")
    assert not witness.exists()
