-- Next steps a person keeps, what was changed in them and when, and when the plan is looked at again.
CREATE TABLE plan_step (
  id INTEGER PRIMARY KEY,
  conversation TEXT,
  turn INTEGER,
  action TEXT NOT NULL,
  owner TEXT NOT NULL,
  due TEXT NOT NULL,
  progress TEXT NOT NULL,
  framework TEXT NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('to_do', 'doing', 'done', 'dropped')),
  note TEXT NOT NULL,
  created TEXT NOT NULL,
  updated TEXT NOT NULL
);
CREATE TABLE plan_change (
  id INTEGER PRIMARY KEY,
  step INTEGER NOT NULL REFERENCES plan_step (id) ON DELETE CASCADE,
  field TEXT NOT NULL,
  before TEXT NOT NULL,
  after TEXT NOT NULL,
  created TEXT NOT NULL
);
-- What people say of an answer, and what a practice lead makes of it. The turn's text is copied: it outlives the conversation.
CREATE TABLE feedback (
  id INTEGER PRIMARY KEY,
  conversation TEXT NOT NULL,
  turn INTEGER NOT NULL,
  question TEXT NOT NULL,
  statement TEXT NOT NULL,
  reason TEXT NOT NULL CHECK (reason IN ('wrong', 'not_our_situation', 'out_of_date', 'unclear', 'missing', 'good')),
  note TEXT NOT NULL,
  review TEXT NOT NULL DEFAULT 'open' CHECK (review IN ('open', 'approved', 'amended', 'rejected')),
  amended TEXT NOT NULL DEFAULT '',
  created TEXT NOT NULL
);
-- Documents a person adds to a conversation, after screening: paragraphs with where they stood. The file itself is not kept.
CREATE TABLE document (
  conversation TEXT NOT NULL REFERENCES conversation (id) ON DELETE CASCADE,
  identity TEXT NOT NULL,
  name TEXT NOT NULL,
  parts TEXT NOT NULL,
  created TEXT NOT NULL,
  PRIMARY KEY (conversation, identity)
);
