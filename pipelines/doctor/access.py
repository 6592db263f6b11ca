"""Who may ask: the keys file, and whether it protects what others can reach."""

from __future__ import annotations

from collections.abc import Iterator

from pipelines.doctor.finding import Finding, Looked, note, well, wrong
from serving.errors import KeysFileError
from serving.key_file import read_keys

_CREATE = "callworth keys create NAME --role router"


def keys(looked: Looked) -> Iterator[Finding]:
    """Look at the keys file."""
    file = looked.settings.keys_file
    if not file.exists():
        said = f"There is no keys file at {file}"
        if looked.settings.loopback:
            yield note("keys", f"{said}: anyone on this machine may ask.", f"Run `{_CREATE}`.")
        else:
            yield wrong(
                "keys",
                f"{said}, and {looked.settings.host} is reached by other machines: "
                "the server will not start.",
                f"Run `{_CREATE}`, or listen on 127.0.0.1.",
            )
        return
    try:
        found = read_keys(file)
    except KeysFileError as error:
        yield wrong("keys", error.fact, error.fix)
        return
    ended = [one.name for one in found if one.ends <= looked.now.timestamp()]
    if len(ended) == len(found):
        yield wrong("keys", "Every key has ended: nobody may ask.", f"Run `{_CREATE}`.")
    elif ended:
        yield note("keys", f"Ended: {', '.join(ended)}.", "Run `callworth keys revoke NAME`.")
    else:
        yield well("keys", f"{len(found)} keys, roles {', '.join(sorted({k.role for k in found}))}")
