-- The relay's database. Every BLOB below is ciphertext, a public key, a hash or a signed note: the relay cannot read what
-- it orders. Ids, keys and hashes are 32 bytes; times are UTC milliseconds.

CREATE TABLE logs (
    number       INTEGER PRIMARY KEY,           -- short local name of the log, never reused, rising by age
    log          BLOB NOT NULL UNIQUE,          -- log id: SHA-256 of the genesis
    size         INTEGER NOT NULL,              -- entries in the log, the genesis included
    epoch        INTEGER NOT NULL,              -- current epoch
    boundary     INTEGER NOT NULL,              -- entries up to and including the last commit that ended the epoch before
    settled      INTEGER NOT NULL,              -- 1 once the first key of the current epoch was used, else 0
    last_time_ms INTEGER NOT NULL,              -- relay time of the newest entry
    token_hash   BLOB,                          -- of the admission token it was created with; NULL on an open relay
    CHECK (length(log) = 32 AND size BETWEEN 1 AND 1099511627776 AND settled IN (0, 1))
) STRICT;

CREATE TABLE entries (
    id           INTEGER PRIMARY KEY,           -- log number * 2^40 + position: a log's entries lie side by side, in order
    log          INTEGER NOT NULL REFERENCES logs (number),
    message_hash BLOB NOT NULL,                 -- SHA-256 of the MLS message (entry 0: of the genesis); a retry is found by it
    leaf_hash    BLOB NOT NULL,                 -- RFC 6962 leaf hash of `entry`; the tree is rebuilt from these
    entry        BLOB NOT NULL,                 -- the entry as clients read it: kind, relay time, MLS ciphertext
    UNIQUE (log, message_hash),
    CHECK (id >> 40 = log AND length(message_hash) = 32 AND length(leaf_hash) = 32)
) STRICT;

CREATE TABLE access_keys (
    log          INTEGER NOT NULL REFERENCES logs (number),
    epoch        INTEGER NOT NULL,              -- the epoch whose members hold the key
    rank         INTEGER NOT NULL,              -- order of registration; above 0 only after a contest
    access_key   BLOB NOT NULL,                 -- Ed25519 public key from the MLS exporter
    readable     INTEGER,                       -- entries it may read; NULL while its epoch is current (then: all)
    registered_ms INTEGER,                      -- relay time of its commit; NULL once its epoch is over
    PRIMARY KEY (log, epoch, rank),
    CHECK (length(access_key) = 32)
) STRICT, WITHOUT ROWID;

CREATE TABLE checkpoints (
    log          INTEGER NOT NULL REFERENCES logs (number),
    size         INTEGER NOT NULL,              -- entries the checkpoint covers
    note         BLOB NOT NULL,                 -- the signed note, as it was handed out
    PRIMARY KEY (log, size)
) STRICT, WITHOUT ROWID;

CREATE TABLE mailboxes (
    mailbox      BLOB PRIMARY KEY,              -- mailbox id, derived from an invitation's secret
    log          INTEGER NOT NULL REFERENCES logs (number),   -- the log that pays for it
    expires_ms   INTEGER NOT NULL,              -- from this time on it is gone
    CHECK (length(mailbox) = 32)
) STRICT, WITHOUT ROWID;

CREATE INDEX mailboxes_by_log ON mailboxes (log);
CREATE INDEX mailboxes_by_expiry ON mailboxes (expires_ms);

CREATE TABLE mailbox_blobs (
    mailbox      BLOB NOT NULL REFERENCES mailboxes (mailbox) ON DELETE CASCADE,
    slot         INTEGER NOT NULL,              -- 0 the invitee's request, 1 the inviter's response
    position     INTEGER NOT NULL,              -- index of the blob within the slot
    final        INTEGER NOT NULL,              -- 1 if nothing follows
    blob         BLOB NOT NULL,                 -- sealed under the invitation's secret
    PRIMARY KEY (mailbox, slot, position),
    CHECK (slot IN (0, 1) AND final IN (0, 1))
) STRICT;

CREATE TABLE admission_tokens (
    label        TEXT PRIMARY KEY,              -- the operator's name for it; the one readable text in this database
    token_hash   BLOB NOT NULL UNIQUE,          -- SHA-256 of the secret
    created_ms   INTEGER NOT NULL,
    expires_ms   INTEGER,                       -- NULL: without end
    CHECK (length(token_hash) = 32)
) STRICT, WITHOUT ROWID;
