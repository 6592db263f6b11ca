"""The tables of the decision log, in SQLite and in PostgreSQL."""

from __future__ import annotations

from serving.log_entry import LoggedDecision

# A plain table with a row number: rows are appended. Ids begin with the time, so that the index by
# id grows at its end too.
SCHEMA = """
CREATE TABLE IF NOT EXISTS decisions (
  decision_id TEXT NOT NULL PRIMARY KEY, contact_id TEXT NOT NULL, partner TEXT,
  customer_id TEXT, identified_by TEXT, decided_at TEXT NOT NULL, source TEXT NOT NULL, why TEXT,
  value_group TEXT, queue TEXT NOT NULL, offer_id TEXT, arm TEXT NOT NULL,
  probability REAL NOT NULL, strategy_set TEXT, model_set TEXT, asked_by TEXT NOT NULL,
  microseconds INTEGER NOT NULL, request TEXT NOT NULL, answer TEXT NOT NULL,
  in_force TEXT, stages TEXT
);
CREATE INDEX IF NOT EXISTS decisions_by_time ON decisions (decided_at);
CREATE TABLE IF NOT EXISTS outcomes (
  decision_id TEXT NOT NULL REFERENCES decisions, offer_id TEXT NOT NULL,
  accepted INTEGER NOT NULL, revenue REAL, occurred_at TEXT NOT NULL, received_at TEXT NOT NULL,
  PRIMARY KEY (decision_id, offer_id)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS in_force (in_force_id TEXT NOT NULL PRIMARY KEY, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS gaps (
  began_at TEXT NOT NULL, ended_at TEXT NOT NULL, decisions INTEGER NOT NULL, why TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS writers (
  place INTEGER PRIMARY KEY, began_at TEXT NOT NULL, last_at TEXT NOT NULL
);
"""
DECISION_COLUMNS = LoggedDecision.__struct_fields__
# What files of older versions lack; each is a text that may be missing.
ADDED_COLUMNS = ("in_force", "stages")

POSTGRESQL_SCHEMA = """
CREATE TABLE IF NOT EXISTS decisions (
  decision_id text NOT NULL PRIMARY KEY, contact_id text NOT NULL, partner text,
  customer_id text, identified_by text, decided_at text NOT NULL, source text NOT NULL, why text,
  value_group text, queue text NOT NULL, offer_id text, arm text NOT NULL,
  probability float8 NOT NULL, strategy_set text, model_set text, asked_by text NOT NULL,
  microseconds int8 NOT NULL, request text NOT NULL, answer text NOT NULL,
  in_force text, stages text
);
CREATE INDEX IF NOT EXISTS decisions_by_time ON decisions (decided_at COLLATE "C");
CREATE TABLE IF NOT EXISTS outcomes (
  decision_id text NOT NULL REFERENCES decisions, offer_id text NOT NULL,
  accepted int4 NOT NULL, revenue float8, occurred_at text NOT NULL, received_at text NOT NULL,
  PRIMARY KEY (decision_id, offer_id)
);
CREATE TABLE IF NOT EXISTS in_force (in_force_id text NOT NULL PRIMARY KEY, body text NOT NULL);
CREATE TABLE IF NOT EXISTS gaps (
  began_at text NOT NULL, ended_at text NOT NULL, decisions int8 NOT NULL, why text NOT NULL
);
"""
