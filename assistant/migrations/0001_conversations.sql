-- Conversations, their turns, what was stopped, and what a visitor told us of themselves.
CREATE TABLE conversation (
  id TEXT PRIMARY KEY,
  title TEXT NOT NULL,
  created TEXT NOT NULL,
  updated TEXT NOT NULL,
  deleted TEXT
);
CREATE TABLE turn (
  id INTEGER PRIMARY KEY,
  conversation TEXT NOT NULL REFERENCES conversation (id) ON DELETE CASCADE,
  role TEXT NOT NULL CHECK (role IN ('user', 'assistant')),
  text TEXT NOT NULL,
  answer TEXT,
  created TEXT NOT NULL
);
CREATE INDEX turn_by_conversation ON turn (conversation, id);
-- A stopped message: that and when, never its text.
CREATE TABLE stopped (
  id INTEGER PRIMARY KEY,
  conversation TEXT NOT NULL,
  created TEXT NOT NULL
);
CREATE TABLE preference (
  name TEXT PRIMARY KEY,
  value TEXT NOT NULL
);
