-- A question whose answer is being written: what is left of it if the computer stops before the turn is kept.
CREATE TABLE asked (
  conversation TEXT PRIMARY KEY REFERENCES conversation (id) ON DELETE CASCADE,
  text TEXT NOT NULL
);
