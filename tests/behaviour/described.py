"""Values drawn from the schemas of an OpenAPI document: those that fit, and those gone odd."""

from __future__ import annotations

import random
import string
from typing import Any

Schema = dict[str, Any]

_DEEPEST = 6
_LONGEST = 40
_LETTERS = string.ascii_letters + string.digits + " -+:./éß漢\U0001f4de\u202e"
ODD: tuple[Any, ...] = (
    None, True, False, 0, -1, 1.5, 1e308, -1e-320, 2**63, 2**70, -(2**200), "", " ", "x" * 5_000,
    "\x00", "\ufffe", "2026-11-22T14:30:00Z", "9999-12-31T23:59:59-14:00", "NaN", [], {}, [[]],
    {"": ""}, "'; DROP TABLE decisions; --", "{{7*7}}", "../../etc/passwd",
)  # fmt: skip


class Drawing:
    """Draws values for the schemas of one document."""

    def __init__(self, document: dict[str, Any], draw: random.Random) -> None:
        self._schemas: dict[str, Schema] = document["components"]["schemas"]
        self._draw = draw

    def fitting(self, schema: Schema, depth: int = 0) -> Any:
        """Return a value that the schema allows."""
        schema = self.resolved(schema)
        if "anyOf" in schema or "oneOf" in schema:
            choices = schema.get("anyOf") or schema["oneOf"]
            plain = [one for one in choices if one.get("type") == "null"]
            return self.fitting(
                plain[0] if depth > _DEEPEST and plain else self._draw.choice(choices), depth + 1
            )
        if "enum" in schema:
            return self._draw.choice(schema["enum"])
        if "const" in schema:
            return schema["const"]
        return self._of_type(schema, depth)

    def odd(self, schema: Schema) -> Any:
        """Return a value in which one to three places are not as the schema says, or just might."""
        value = self.fitting(schema)
        for _ in range(self._draw.randrange(1, 4)):
            value = self._gone_odd(value)
        return value

    def resolved(self, schema: Schema) -> Schema:
        """Return the schema, or the one that it refers to."""
        while "$ref" in schema:
            schema = self._schemas[schema["$ref"].rpartition("/")[2]]
        return schema

    def _of_type(self, schema: Schema, depth: int) -> Any:
        kind = schema.get("type")
        if isinstance(kind, list):
            kind = self._draw.choice(kind)
        if kind == "object":
            return self._object(schema, depth)
        if kind == "array":
            least = schema.get("minItems", 0)
            most = least if depth > _DEEPEST else min(schema.get("maxItems", 3), least + 3)
            items = schema.get("items") or {}
            return [self.fitting(items, depth + 1) for _ in range(self._draw.randint(least, most))]
        if kind == "string":
            return self._text(schema)
        if kind in ("integer", "number"):
            low, high = schema.get("minimum", -1_000), schema.get("maximum", 1_000_000)
            whole = self._draw.randint(int(low), int(high))
            return whole if kind == "integer" else float(whole)
        return {"boolean": self._draw.random() < 0.5, "null": None}.get(str(kind), "anything")

    def _object(self, schema: Schema, depth: int) -> Any:
        required = schema.get("required", ())
        named = {
            name: self.fitting(one, depth + 1)
            for name, one in schema.get("properties", {}).items()
            if name in required or (depth <= _DEEPEST and self._draw.random() < 0.5)
        }
        more = schema.get("additionalProperties")
        if isinstance(more, dict) and not named:
            named = {
                f"name_{at}": self.fitting(more, depth + 1) for at in range(self._draw.randrange(3))
            }
        return named

    def _text(self, schema: Schema) -> str:
        if schema.get("format") == "date-time":
            return f"2026-11-{self._draw.randint(1, 28):02d}T14:30:00Z"
        least = schema.get("minLength", 0)
        most = min(schema.get("maxLength", _LONGEST), max(_LONGEST, least))
        return "".join(self._draw.choices(_LETTERS, k=self._draw.randint(least, most)))

    def _gone_odd(self, value: Any) -> Any:
        if isinstance(value, dict) and value and self._draw.random() < 0.9:
            name = self._draw.choice(list(value))
            kind = self._draw.random()
            if kind < 0.15:
                return {other: one for other, one in value.items() if other != name}
            if kind < 0.3:
                return {**value, self._draw.choice(("x", "", name + "_", "\x00")): value[name]}
            return {**value, name: self._gone_odd(value[name])}
        if isinstance(value, list) and value and self._draw.random() < 0.7:
            return [self._gone_odd(value[0]), *value[1:]] * self._draw.choice((1, 1, 50))
        return self._draw.choice(ODD)
