"""A small workspace that holds one person in every store there is, and a search of its bytes."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import httpx
import mlflow
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from features.check import check
from features.frame import build_population, build_training
from models import tracking
from pipelines.insurer import generate
from pipelines.strategise import form_strategies
from pipelines.workspace import Workspace
from serving.app import build_app
from serving.settings import Settings
from tests.plain_world import PlainScorer

UNTIL = datetime(2026, 11, 1, tzinfo=UTC)
NOW = UNTIL + timedelta(hours=8)
CUSTOMERS = 400
NAME, STREET, EMAIL = "Zoë Quill-Marlowe", "7 Nightjar Row", "zoe@quill.example"
PHONES = ("+15557310042", "+493071829364")
SPELLED = ("+1 (555) 731-0042", "555.731.0042", "0049 30 71829364", "tel:+493071829364")
OTHER_CASE = ("zoë quill-marlowe", "7 NIGHTJAR ROW")
ROUTER = """
[json.pbx]
constants.channel = "voice"
[json.pbx.contact]
contact_id = "contact_id"
from = "from"
[json.pbx.answer]
queue = "route.queue"
"""


def build(home: Path) -> str:
    """Fill a workspace; return the id of the one whom every store holds."""
    space = Workspace(home)
    generate(space.tables, customers=CUSTOMERS, months=6, until=UNTIL)
    customer = _plant(space.tables)
    check(space.tables, quarantine=space.quarantine)
    build_training(space.tables, home=home, as_of=UNTIL)
    build_population(space.tables, home=home, as_of=UNTIL)
    space.remember(tables=space.tables, as_of=UNTIL)
    for days in (0, 1):
        form(home, now=NOW - timedelta(days=1 - days))
    _decide(home, customer)
    _beside(home, customer)
    return customer


def form(home: Path, *, now: datetime, tables: Path | None = None) -> str:
    """Publish a strategy set."""
    return form_strategies(
        home,
        tables=tables or home / "tables",
        model_set_folder=home,
        as_of=UNTIL,
        formed_at=now,
        valid_for=timedelta(days=7),
        scorer=PlainScorer(),
    ).label


def _plant(tables: Path) -> str:
    """Give a customer with contacts a name of its own, and a stranger's call its number."""
    with duckdb.connect() as connection:
        ((customer,),) = connection.execute(
            f"SELECT customer_id FROM '{tables}/contacts/**/*.parquet' WHERE reached_agent "
            "AND customer_id IS NOT NULL AND partner = 'main' GROUP BY 1 "
            "ORDER BY count(*) DESC, 1 LIMIT 1"
        ).fetchall()
    known = {"name": NAME, "street": STREET, "email": EMAIL, "phone": PHONES[0]}
    known["second_phone"] = PHONES[1]
    _set(tables / "customers" / "partner=main", lambda t: t["customer_id"] == customer, known)
    calls = tables / "contacts" / "partner=main"
    _set(calls, lambda t: t["customer_id"] is None, {"calling_number": PHONES[0]}, most=1)
    return str(customer)


def _set(folder: Path, chosen: Any, values: dict[str, str], most: int = 10**9) -> None:
    (file,) = folder.glob("*.parquet")
    table = pq.ParquetFile(file).read()
    rows = table.to_pylist()
    for row in [row for row in rows if chosen(row)][:most]:
        row.update(values)
    pq.write_table(pa.Table.from_pylist(rows, table.schema), file)


def _decide(home: Path, customer: str) -> None:
    """Ask a real server in every way in which the person may be named, and for others."""
    asked: list[dict[str, Any]] = [
        {"customer_id": customer},
        *({"from": phone} for phone in (*PHONES, *SPELLED)),
        {"answers": {"name": NAME, "street": OTHER_CASE[1]}},
        {"answers": {"name": OTHER_CASE[0], "reason": "billing"}},
        {"from": "+15550000001"},
        *({"customer_id": f"c{number:07d}"} for number in range(20)),
    ]

    (home / "routers.toml").write_text(ROUTER, encoding="utf-8")

    async def _ask() -> None:
        app = build_app(Settings(home=home, hold_back_share=0.2), clock=lambda: NOW)
        transport = httpx.ASGITransport(app)
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client,
        ):
            for place, contact in enumerate(asked):
                body = {"contact_id": f"k-{place}", "channel": "voice", **contact}
                (await client.post("/v1/decisions", json=body)).raise_for_status()
                await client.post("/v1/adapters/json/pbx", json=body)

    asyncio.run(_ask())


def _beside(home: Path, customer: str) -> None:
    """Write what trainings and reports write: judge rows in MLflow, samples, a server's log."""
    judge = pa.table({"contact_id": ["k1", "k2"], "customer_id": [customer, "c0000001"]})
    folder = home / "models" / "candidate-1"
    folder.mkdir(parents=True)
    pq.write_table(judge, folder / "judge.parquet")
    with tracking.quiet(home) as address:
        mlflow.set_tracking_uri(address)
        mlflow.create_experiment("e", artifact_location=tracking.artifacts_of(home))
        mlflow.set_experiment("e")
        with mlflow.start_run():
            mlflow.log_artifact(str(folder / "judge.parquet"), "evidence")
            mlflow.set_tag("note", f"asked for by {NAME}, {customer}")
    (home / "reports").mkdir(exist_ok=True)
    ids = np.array([customer, "c0000001"])
    np.savez(home / "reports" / "limits_survey.npz", sample_customer_ids=ids, worth=np.ones(2))
    page = f"<p>{customer} moved group; {NAME} &amp; others</p>"
    (home / "reports" / "changes.html").write_text(page, encoding="utf-8")
    said = f"2026-11-01 ERROR contact k-1 of {PHONES[0]} got the default route\n"
    (home / "log" / "server.txt").write_text(said, encoding="utf-8")
    with closing(sqlite3.connect(home / "feast.db")) as online, online:
        online.execute("CREATE TABLE profile (entity_key BLOB, feature_name TEXT, value BLOB)")
        online.executemany(
            "INSERT INTO profile VALUES (?, 'age', x'00')", [(customer.encode(),), (b"c0000001",)]
        )


def needles(customer: str) -> list[bytes]:
    """Return everything that names the person, as it may lie in a file."""
    digits = [phone.lstrip("+") for phone in PHONES]
    spelled = [text.removeprefix("tel:") for text in SPELLED]
    names = [NAME, STREET, EMAIL, *OTHER_CASE, json.dumps(NAME)[1:-1]]
    texts = [customer, *digits, digits[0][1:], digits[1][2:], *spelled, *names]
    return [text.lower().encode() for text in texts]


def places_naming(home: Path, customer: str) -> list[str]:
    """Search every file below `home`: raw bytes, Parquet unpacked, arrays and SQLite's journals."""
    wanted = needles(customer)
    found = []
    for path in sorted(home.rglob("*")):
        if not path.is_file():
            continue
        parts = [path.read_bytes(), *_unpacked(path)]
        hits = {one for one in wanted for part in parts if one in part.lower()}
        if hits:
            found.append(f"{path.relative_to(home)}: {sorted(hits)}")
    return found


def _unpacked(path: Path) -> list[bytes]:
    if path.suffix == ".parquet":
        table = pq.ParquetFile(path).read()
        texts = [c for c in table.columns if pa.types.is_string(c.type)]
        return ["\n".join(pc.unique(c).drop_null().to_pylist()).encode() for c in texts]
    if path.suffix == ".npz":
        with np.load(path) as arrays:
            return ["\n".join(map(str, arrays[one].ravel())).encode() for one in arrays.files]
    return []
