-- What a person put right of what their conversation tells about their partnership; what is said after that turn counts again.
CREATE TABLE told (
  conversation TEXT PRIMARY KEY REFERENCES conversation (id) ON DELETE CASCADE,
  facts TEXT NOT NULL,
  turn INTEGER NOT NULL
);
