"""A loaded file against its model: every fault at its place, in our own sentences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from announce.model.languages import LANGUAGES
from announce.problems import Problem, did_you_mean
from announce.reading.fullwidth import fullwidth_line, fullwidth_problem
from announce.reading.places import Loc
from announce.reading.wording import MISMATCHES, allowed_in, literal, words_for, wrong_type
from announce.reading.yamlfile import Loaded
from announce.texts import say, spoken

Model = TypeVar("Model", bound=BaseModel)

# Fields that reading fills in, which nobody writes.
_OURS = frozenset({"path"})

# Where accounts are named in the settings: what stands there is never repeated.
_ACCOUNTS = {("email", "smtp"), ("wechat",), ("ledger",)}


def validate(
    model: type[Model], loaded: Loaded, ours: Mapping[str, Any] | None = None
) -> tuple[Model | None, list[Problem]]:
    """The model's instance, or None; with every fault that the model sees in the file.

    `ours` are fields that the file does not hold. Values already complained of are left alone.
    """
    if loaded.complained(()):
        return None, []
    value = loaded.value
    if not isinstance(value, Mapping):
        return None, [_no_mapping(model, loaded)]
    empty = list(_empty(model, value, ()))
    problems = [
        _problem(loaded, loc, wrong_type([], None)) for loc in empty if not loaded.complained(loc)
    ]
    written = {key: item for key, item in value.items() if key not in (ours or {})}
    problems += [_unknown(model, loaded, (key,)) for key in value if key in (ours or {})]
    try:
        return model.model_validate({**written, **(ours or {})}), problems
    except ValidationError as error:
        found = error.errors(include_url=False)
    for loc, group in _by_value(found, value).items():
        # What is empty may be all that a model as a whole misses.
        if not (loaded.complained(loc) or loc in empty or (empty and loc == ())):
            problems += _translate(model, loaded, loc, group)
    return None, problems


def value_at(value: Any, loc: Loc) -> Any:
    """What stands at the end of the way down, None where there is nothing."""
    for step in loc:
        if not _has(value, step):
            return None
        value = value[step]
    return value


def _has(value: Any, step: str | int) -> bool:
    if isinstance(value, list):
        return isinstance(step, int) and 0 <= step < len(value)
    return isinstance(value, Mapping) and step in value


def _no_mapping(model: type[BaseModel], loaded: Loaded) -> Problem:
    if loaded.value in (None, ""):
        return Problem(
            code="empty-file",
            place=loaded.places.of(()),
            message=say("the file is empty"),
            hint=_needed(model),
        )
    return Problem(
        code="type",
        place=loaded.places.of(()),
        message=say("the file must be a mapping: lines of `key: value`"),
        hint=_needed(model),
    )


def _needed(model: type[BaseModel]) -> str:
    names = [name for name, field in model.model_fields.items() if field.is_required()]
    return say("needed here: {names}", names=", ".join(name for name in names if name not in _OURS))


def _by_value(errors: Sequence[Any], value: Any) -> dict[Loc, list[tuple[Loc, Mapping[str, Any]]]]:
    """Errors by the value that they are about; union branches fall onto the same value."""
    grouped: dict[Loc, list[tuple[Loc, Mapping[str, Any]]]] = {}
    deeper: set[Loc] = set()
    for error in errors:
        loc, unions = _walk(tuple(error["loc"]), value, str(error["type"]))
        grouped.setdefault(loc, []).append((loc, error))
        deeper.update(union for union in unions if len(union) < len(loc))
    # A branch of a union that got further down has the right kind: the others are noise.
    return {loc: group for loc, group in grouped.items() if loc not in deeper}


def _walk(loc: Loc, value: Any, kind: str) -> tuple[Loc, list[Loc]]:
    """The way down the file's own keys, union branches left out; and where these were."""
    way: list[str | int] = []
    unions: list[Loc] = []
    for at, step in enumerate(loc):
        if _has(value, step):
            value = value[step]
            way.append(step)
        elif at == len(loc) - 1 and kind == "missing":
            way.append(step)
        elif step != "[key]":
            unions.append(tuple(way))
    return tuple(way), unions


def _translate(
    model: type[BaseModel], loaded: Loaded, loc: Loc, group: list[tuple[Loc, Mapping[str, Any]]]
) -> Iterator[Problem]:
    errors = [error for _loc, error in group]
    value = value_at(loaded.value, loc)
    kinds = [str(error["type"]) for error in errors]
    if "missing" in kinds:
        yield _missing(model, loaded, loc)
    elif "extra_forbidden" in kinds:
        yield _unknown(model, loaded, loc)
    elif any(error["loc"][-1:] == ("[key]",) for error in errors):
        if set(value_at(loaded.value, loc[:-1]) or ()) & set(LANGUAGES):
            return  # told with the languages that are missing there
        code, message, hint = literal([*LANGUAGES], str(loc[-1]))
        yield Problem(code=code, place=loaded.places.key(loc), message=message, hint=hint)
    elif (
        isinstance(value, str)
        and fullwidth_line(value)
        and {"model_type", "dict_type"} & set(kinds)
    ):
        yield fullwidth_problem(loaded.places.of(loc), value)
    elif telling := [error for error in errors if error["type"] not in MISMATCHES]:
        for error in telling:
            yield _problem(loaded, loc, words_for(error, value))
    elif literals := [error for error in errors if error["type"] == "literal_error"]:
        allowed = [word for error in literals for word in allowed_in(error.get("ctx", {}))]
        yield _problem(loaded, loc, literal(allowed, value))
    else:
        yield _problem(loaded, loc, wrong_type(kinds, value))


def _problem(loaded: Loaded, loc: Loc, words: tuple[str, str, str]) -> Problem:
    code, message, hint = words
    value = value_at(loaded.value, loc)
    # A whole mapping or nothing at all is shown by its key, a value by itself.
    by_key = value is None or isinstance(value, Mapping | list)
    place = loaded.places.key(loc) if by_key else loaded.places.of(loc)
    # A campaign's articles are a list under the same name.
    is_account = {loc[:1], loc[:2]} & _ACCOUNTS
    if isinstance(value, str) and is_account and not any(isinstance(one, int) for one in loc):
        # Somebody may have put the password under the wrong key.
        message = message.replace(str(value)[:40], "…")
        if code != "value-unknown":  # whose hint holds our own words only
            hint = hint.replace(str(value)[:40], "…")
    name = ".".join(str(step) for step in loc if isinstance(step, str))
    message = say("{name}: {message}", name=name, message=message) if name else message
    return Problem(code=code, place=place, message=message, hint=hint)


def _missing(model: type[BaseModel], loaded: Loaded, loc: Loc) -> Problem:
    name = str(loc[-1])
    owner = _model_at(model, loc[:-1])
    field = owner.model_fields.get(name) if owner else None
    where = ".".join(str(step) for step in loc[:-1] if isinstance(step, str))
    return Problem(
        code="missing-key",
        place=loaded.places.key(loc[:-1]),
        message=say('"{key}" is missing in {where}', key=name, where=where)
        if where
        else say('"{key}" is missing', key=name),
        hint=say(
            "add a line `{key}: …`. {about}", key=name, about=_about(field) if field else ""
        ).strip(),
    )


def _about(field: FieldInfo) -> str:
    extra = field.json_schema_extra
    if spoken() == "zh" and isinstance(extra, dict):
        return str(extra.get("description_zh", ""))
    return field.description or ""


def _unknown(model: type[BaseModel], loaded: Loaded, loc: Loc) -> Problem:
    name = str(loc[-1])
    owner = _model_at(model, loc[:-1])
    known = set(owner.model_fields) - _OURS if owner else set()
    head, colon, _ = name.partition(":")
    if colon:
        # What follows may be a password: it is never repeated.
        return Problem(
            code="unknown-key",
            place=loaded.places.key(loc),
            message=say('the colon after "{key}" has no space behind it', key=head[:60]),
            hint=say("write `{key}: …`, with a space", key=head[:60]),
        )
    lowered = name.strip("“”\"' ").lower().replace("-", "_").replace(" ", "_")
    return Problem(
        code="unknown-key",
        place=loaded.places.key(loc),
        message=say('unknown key "{key}"', key=name[:60]),
        hint=did_you_mean(lowered, known),
    )


def _empty(model: type[BaseModel], value: Mapping[str, Any], loc: Loc) -> Iterator[Loc]:
    """Ways down to keys of models that have nothing after the colon.

    Left alone, `email:` would mean "no e-mail", the contrary of what its writer meant.
    """
    for key, item in value.items():
        field = model.model_fields.get(key)
        if field is None:
            continue
        if item is None:
            yield (*loc, key)
        for way, part in _parts(item, (*loc, key)):
            if (inner := _first_model(field.annotation)) and isinstance(part, Mapping):
                yield from _empty(inner, part, way)


def _parts(item: Any, loc: Loc) -> Iterator[tuple[Loc, Any]]:
    if isinstance(item, list):
        yield from (((*loc, number), part) for number, part in enumerate(item))
    else:
        yield loc, item


def _model_at(model: type[BaseModel], loc: Loc) -> type[BaseModel] | None:
    found: type[BaseModel] | None = model
    for step in loc:
        if isinstance(step, int) or found is None:
            continue
        field = found.model_fields.get(step)
        found = _first_model(field.annotation) if field else None
    return found


def _first_model(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for argument in get_args(annotation):
        if found := _first_model(argument):
            return found
    return None
