"""What a service has off its defaults, seen from inside: for a script in the service's own folder.

`services/NAME/tests/tell_differences.py` runs in the service's folder and environment, with the
arguments of the command that serves it. It loads the app as that command would, gathers what
differs with the functions here, and hands it to `tell`. test_modes.py holds what is told against
docs/modes.md.

Settings are texts by name. A text of None stands for a value that is too long to be compared.
"""

import ast
import contextlib
import gc
import inspect
import json
import os
import re
import sys
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from importlib import metadata
from importlib.util import resolve_name
from pathlib import Path
from types import ModuleType
from typing import Any

Settings = dict[str, str | None]

# Where a server listens is no matter of taste.
ADDRESSES = {"bind", "host", "port"}


def of_python() -> dict[str, Any]:
    """What an app may change of the interpreter that runs it."""
    return {
        "gc.enabled": gc.isenabled(),
        "gc.threshold": str(gc.get_threshold()),
        "gc.frozen": gc.get_freeze_count(),
        "switch_interval": sys.getswitchinterval(),
        "recursion_limit": sys.getrecursionlimit(),
    }


PYTHON_AT_START = of_python()


def tell(settings: Settings) -> None:
    """Print as JSON the settings, how the modules in memory extend or patch a library, and which
    libraries are there that the target does not need.

    Modules of the working folder are looked at: import all that the app loads before.
    """
    folder = Path.cwd()
    told = {
        "settings": settings | differing("python", of_python(), PYTHON_AT_START),
        "classes": extended_classes(folder),
        "patches": sorted(set(patches(folder))),
        "packages": brought_along(named_packages(folder)),
    }
    json.dump(told, sys.stdout, indent=1)


def named_packages(folder: Path) -> list[str]:
    """What a target says that it runs on, in its service.toml."""
    told = tomllib.loads((folder / "service.toml").read_text())
    target = told["targets"][os.environ["ONECORE_TARGET"]]
    return [*told["versions"]["packages"], *target.get("packages", ())]


def brought_along(named: Iterable[str]) -> list[str]:
    """Packages in memory that none of the named ones needs: the environment has them for others,
    and a library imports what it happens to find.
    """
    needed: set[str] = set()
    coming = [canonical(name) for name in named]
    while coming:
        name = coming.pop()
        if name not in needed:
            needed.add(name)
            coming += required_by(name)
    owners = metadata.packages_distributions()
    tops = {name.partition(".")[0] for name, module in sys.modules.items() if module is not None}
    tops.discard("_distutils_hack")  # setuptools has every Python begin with it
    there = {canonical(owner) for top in tops for owner in owners.get(top, ())}
    return sorted(there - needed)


def required_by(name: str) -> list[str]:
    """What a package needs itself, without its extras; nothing of one that is not installed."""
    try:
        lines = metadata.requires(name) or []
    except metadata.PackageNotFoundError:
        return []
    return [canonical(re.split(r"[^\w.-]", line)[0]) for line in lines if "extra ==" not in line]


def canonical(name: str) -> str:
    """A package's name as indexes write it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def differing(prefix: str, values: Mapping[str, Any], defaults: Mapping[str, Any]) -> Settings:
    """The values that are not the defaults, by their prefixed names. A new name has no default."""
    return {
        f"{prefix}.{name}": shown(value, defaults.get(name))
        for name, value in values.items()
        if name not in defaults or value != defaults[name]
    }


def shown(value: object, default: object = None) -> str | None:
    """The value in a table: of a list what has been added to the default and taken away from it."""
    if isinstance(value, list | tuple) and all(isinstance(item, str) for item in value):
        known = list(default) if isinstance(default, list | tuple) else []
        changed = [f"+ {item}" for item in value if item not in known]
        changed += [f"- {item}" for item in known if item not in value]
        return ", ".join(changed) or "in another order"
    if value is None or isinstance(value, bool | int | float | str):
        return str(value) or "''"
    if isinstance(value, set | frozenset):
        return "{" + ", ".join(sorted(map(str, value))) + "}"
    if inspect.isclass(value):
        return value.__name__
    return None


# --- servers


def gunicorn(arguments: list[str]) -> Settings:
    """What `gunicorn ARGUMENTS` has off its defaults: in its file, and on the command line."""
    from gunicorn.app.wsgiapp import WSGIApplication
    from gunicorn.config import Config

    sys.argv = ["gunicorn", *arguments]
    running = WSGIApplication("%(prog)s [OPTIONS] [APP_MODULE]", prog="gunicorn").cfg.settings
    defaults = {name: setting.get() for name, setting in Config().settings.items()}
    values = {
        name: setting.get()
        for name, setting in running.items()
        if name not in ADDRESSES | {"default_proc_name", "wsgi_app"}
    }
    return differing("gunicorn", values, defaults)


def uvicorn(arguments: list[str]) -> Settings:
    """What `uvicorn ARGUMENTS` has off its defaults."""
    from uvicorn.main import main

    given, usual = (main.make_context("uvicorn", line).params for line in (arguments, ["app:app"]))
    values = {name: value for name, value in given.items() if name not in ADDRESSES | {"app"}}
    return differing("uvicorn", values, usual)


# --- libraries that more than one framework uses


def engine(running: Any) -> Settings:
    """What a SQLAlchemy engine and its pool have off their defaults; of an async one, what it
    stands on.
    """
    import sqlalchemy

    running = getattr(running, "sync_engine", running)
    plain = sqlalchemy.create_engine(f"{running.url.drivername}://")
    values, defaults = map(_engine_options, (running, plain))
    # A connection is made with what its URL says, and nothing else.
    _, of_the_url = running.dialect.create_connect_args(running.url)
    given = inspect.getclosurevars(running.pool._creator).nonlocals.get("cparams", {"creator": ""})
    return (
        differing("sqlalchemy", values, defaults)
        | differing("sqlalchemy.connect_args", given, of_the_url)
        | differing("sqlalchemy.dialect", *map(_dialect_options, (running, plain)))
    )


def _dialect_options(running: Any) -> dict[str, Any]:
    options = vars(running.dialect).items()
    return {name: value for name, value in options if isinstance(value, bool | int | str | None)}


def listeners(folder: Path) -> Settings:
    """What the folder's code does when SQLAlchemy tells of an event."""
    from sqlalchemy import event

    found: Settings = {}
    for module, tree in loaded_modules(folder):
        for node in ast.walk(tree):
            match node:
                case ast.Call(func=function, args=[_, ast.Constant(value=name), *_]) if evaluated(
                    function, module
                ) in (event.listen, event.listens_for):
                    found[f"sqlalchemy.event.{name}"] = None
    return found


def _engine_options(running: Any) -> dict[str, Any]:
    pool, dialect = running.pool, running.dialect
    return {
        # An async engine's pool is the same, for another loop.
        "poolclass": type(pool).__name__.removeprefix("AsyncAdapted"),
        "pool_size": pool.size(),
        "max_overflow": pool._max_overflow,
        "pool_timeout": pool.timeout(),
        "pool_recycle": pool._recycle,
        "pool_pre_ping": pool._pre_ping,
        "pool_use_lifo": pool._pool.use_lifo,
        "pool_reset_on_return": pool._reset_on_return.name,
        "echo": bool(running.echo),
        "isolation_level": dialect._on_connect_isolation_level,
        "execution_options": dict(running.get_execution_options()) or None,
        "query_cache_size": running._compiled_cache.capacity,
    }


def session(factory: Any, **usual: Any) -> Settings:
    """What the sessions of a SQLAlchemy `sessionmaker` have off their defaults, or off what is
    usual for an extension that makes it.
    """
    import sqlalchemy.orm

    parameters = inspect.signature(sqlalchemy.orm.Session.__init__).parameters
    defaults = {name: parameter.default for name, parameter in parameters.items()} | usual
    given = {name: factory.kw[name] for name in parameters.keys() & factory.kw.keys() - {"bind"}}
    return differing("sqlalchemy.Session", given, defaults)


def sessions_at_work(session: Any) -> Settings:
    """What a SQLAlchemy session that is at work has off the defaults."""
    from sqlalchemy.orm import Session

    running, plain = getattr(session, "sync_session", session), Session()
    parameters = inspect.signature(Session.__init__).parameters.keys() - {"bind", "self"}
    names = [name for name in sorted(parameters) if hasattr(plain, name)]
    values = ({name: getattr(each, name) for name in names} for each in (running, plain))
    return differing("sqlalchemy.Session", *values)


def pydantic_models(folder: Path) -> Settings:
    """What the models of the loaded modules have in their `model_config`."""
    import pydantic

    found: Settings = {}
    for model in loaded_classes(folder, pydantic.BaseModel):
        found |= differing(f"pydantic.{model.__name__}", model.model_config, {})
    return found


def marshmallow_schemas(folder: Path) -> Settings:
    """What the schemas of the loaded modules have off the defaults of their `Meta`, and the
    fields of them off those of their conversion.
    """
    import marshmallow

    found: Settings = {}
    options = vars(marshmallow.SchemaOpts(type("Meta", (), {})))
    for schema in loaded_classes(folder, marshmallow.Schema):
        prefix = f"marshmallow.{schema.__name__}"
        found |= differing(prefix, vars(schema.opts), options)
        for name, field in schema._declared_fields.items():
            values = {key: getattr(field, key) for key in CONVERSION if hasattr(field, key)}
            usual = {key: getattr(type(field)(), key) for key in values}
            found |= differing(f"{prefix}.{name}", values, usual)
    for module, _ in loaded_modules(folder):
        for instance in vars(module).values():
            if isinstance(instance, marshmallow.Schema):
                values, usual = (
                    {name: getattr(each, name) for name in INSTANCE}
                    for each in (instance, type(instance)())
                )
                found |= differing(f"marshmallow.{type(instance).__name__}", values, usual)
    return found


INSTANCE = ("only", "exclude", "partial", "unknown", "load_only", "dump_only")
CONVERSION = ("truthy", "falsy", "strict", "allow_nan", "as_string")


def loaded_classes(folder: Path, base: type) -> list[Any]:
    """The classes below this one that the folder's loaded modules define."""
    return [
        value
        for module, _ in loaded_modules(folder)
        for value in vars(module).values()
        if isinstance(value, type)
        and issubclass(value, base)
        and value.__module__ == module.__name__
    ]


# --- classes


def extended_classes(folder: Path) -> dict[str, dict[str, list[str]]]:
    """The loaded classes of this folder that have a class of a library above them, by their names.

    Each tells its bases, and which names of theirs it defines anew.
    """
    found = {}
    for module, tree in loaded_modules(folder):
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                bases = [evaluated(base, module) for base in node.bases]
                if any(is_a_librarys(base) for base in bases):
                    found[f"{module.__name__}.{node.name}"] = {
                        "extends": [imported(base, module, tree) for base in node.bases],
                        "overrides": overridden(node, bases),
                    }
        found |= made_without_a_statement(module, tree)
    return found


def made_without_a_statement(
    module: ModuleType, tree: ast.Module
) -> dict[str, dict[str, list[str]]]:
    """The classes of a module that its text does not declare: by `type(...)`, say."""
    declared = {node.name for node in ast.walk(tree) if isinstance(node, ast.ClassDef)}
    return {
        f"{module.__name__}.{kind.__name__}": {
            "extends": [f"{base.__module__}.{base.__qualname__}" for base in kind.__bases__],
            "overrides": [name for name in vars(kind) if hasattr(kind.__base__, name)],
        }
        for kind in vars(module).values()
        if isinstance(kind, type)
        and kind.__name__ not in declared
        and (kind.__module__ == module.__name__ or is_nobodys(kind))
        and is_a_librarys(kind)
    }


def is_nobodys(kind: type) -> bool:
    """Whether the module that a class names does not have it: a metaclass's own is named, say."""
    return getattr(sys.modules.get(kind.__module__), kind.__name__, None) is not kind


def overridden(node: ast.ClassDef, bases: list[Any]) -> list[str]:
    """The names in the body of a class that a base has as well, in their order."""
    names = []
    for statement in node.body:
        match statement:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                names.append(name)
            case ast.Assign(targets=targets):
                names += [target.id for target in targets if isinstance(target, ast.Name)]
            case ast.AnnAssign(target=ast.Name(id=name)):
                names.append(name)
    return [name for name in names if any(hasattr(base, name) for base in bases)]


def patches(folder: Path) -> Iterator[str]:
    """Attributes of a library's classes and modules that the folder's code sets, and methods of
    objects that it made of a library's classes.
    """
    for module, tree in loaded_modules(folder):
        for node in ast.walk(tree):
            match node:
                case ast.Attribute(value=owner, attr=name, ctx=ast.Store() | ast.Del()):
                    pass
                case ast.Call(func=ast.Name(id="setattr"), args=[owner, name, *_]):
                    name = ast.unparse(name)
                case _:
                    continue
            thing = evaluated(owner, module)
            is_method = callable(getattr(type(thing), name.strip("'"), None))
            if is_of_a_library(thing) or (is_method and is_of_a_library(type(thing))):
                yield f"{module.__name__}: {imported(owner, module, tree)}.{name}"


def loaded_modules(folder: Path) -> Iterator[tuple[ModuleType, ast.Module]]:
    """The modules of this folder that are in memory, tests apart, with their source."""
    for module in list(sys.modules.values()):
        path = Path(getattr(module, "__file__", None) or "/")
        if path.is_relative_to(folder) and "tests" not in path.relative_to(folder).parts:
            yield module, ast.parse(path.read_text())


def evaluated(expression: ast.expr, module: ModuleType) -> Any:
    """What an expression is in the module; its text where it is local to a function."""
    text = ast.unparse(expression)
    with contextlib.suppress(Exception):
        return eval(text, vars(module))  # the service's own code
    return text


def is_a_librarys(base: object) -> bool:
    """Whether a class or one of its ancestors is a library's, or nobody can tell."""
    kind = base if isinstance(base, type) else getattr(base, "__origin__", None)  # of Base[T]
    if not isinstance(kind, type):
        return True
    return any(is_of_a_library(ancestor) for ancestor in kind.__mro__)


def is_of_a_library(thing: object) -> bool:
    """Whether a class or module was installed: neither Python's nor the service's own."""
    name = thing.__name__ if isinstance(thing, ModuleType) else getattr(thing, "__module__", None)
    if not isinstance(thing, type | ModuleType) or name is None:
        return False
    module = sys.modules.get(str(name))
    return "site-packages" in str(getattr(module, "__file__", ""))


def imported(expression: ast.expr, module: ModuleType, tree: ast.Module) -> str:
    """An expression as one would write it elsewhere: with the path that its name comes from."""
    root, _, rest = ast.unparse(expression).partition(".")
    path = f"{module.__name__}.{root}"
    for node in ast.walk(tree):
        for alias in getattr(node, "names", ()):
            match node:
                case ast.ImportFrom(module=source, level=level) if (
                    alias.asname or alias.name
                ) == root:
                    package = resolve_name("." * level + (source or ""), module.__package__)
                    path = f"{package}.{alias.name}"
                case ast.Import() if (alias.asname or alias.name.partition(".")[0]) == root:
                    path = alias.name if alias.asname else root
    return f"{path}.{rest}" if rest else path


def arguments_of(server: str) -> list[str]:
    """The arguments of the server in the command that this script was given.

    Fails unless that is `python -m SERVER ...`: an option of Python's would stand in between.
    """
    _, _python, *command = sys.argv
    assert command[:2] == ["-m", server], f"not `python -m {server}`: {command}"
    return command[2:]
