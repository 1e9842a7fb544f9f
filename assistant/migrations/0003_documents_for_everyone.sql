-- A document without a conversation is for everyone here. Each passage keeps its vector, so that no question embeds it again.
CREATE TABLE document_next (
  id INTEGER PRIMARY KEY,
  conversation TEXT REFERENCES conversation (id) ON DELETE CASCADE,
  identity TEXT NOT NULL,
  name TEXT NOT NULL,
  parts TEXT NOT NULL,
  embedder TEXT NOT NULL,
  vectors BLOB NOT NULL,
  created TEXT NOT NULL
);
INSERT INTO document_next (conversation, identity, name, parts, embedder, vectors, created)
  SELECT conversation, identity, name, parts, '', x'', created FROM document;
DROP TABLE document;
ALTER TABLE document_next RENAME TO document;
CREATE UNIQUE INDEX document_once ON document (COALESCE(conversation, ''), identity);
