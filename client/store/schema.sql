-- The client's database: one encrypted file per profile (SQLCipher). Each column is explained; every time is UTC milliseconds.
-- A row that holds a ratchet, a key or a plaintext exists nowhere else on this machine.

-- Who we are. One row: a profile is one identity on one device.
CREATE TABLE identity (
    one            INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),       -- keeps the table to one row
    private_seed   BLOB NOT NULL CHECK (length(private_seed) = 32),    -- the Ed25519 identity key (RFC 8032 seed)
    public_key     BLOB NOT NULL CHECK (length(public_key) = 32),      -- its public half, what others know us by
    name           TEXT NOT NULL,                                      -- the display name we propose when joining
    device         TEXT NOT NULL,                                      -- this device's label inside our certificates
    created_ms     INTEGER NOT NULL                                    -- when the identity was made
) STRICT;

-- Preferences that must stay private: the usual relay, its admission token.
CREATE TABLE settings (
    name           TEXT NOT NULL PRIMARY KEY,                          -- which setting
    value          TEXT NOT NULL                                       -- its value, as text
) STRICT, WITHOUT ROWID;

-- People we have met in any channel.
CREATE TABLE contacts (
    participant    TEXT NOT NULL PRIMARY KEY CHECK (length(participant) = 32),  -- participant id, from the identity key
    identity_key   BLOB NOT NULL CHECK (length(identity_key) = 32),    -- their Ed25519 public key
    name           TEXT NOT NULL,                                      -- the name they had when we first saw them
    first_seen_ms  INTEGER NOT NULL                                    -- when that was
) STRICT, WITHOUT ROWID;

-- Each time two people compared their safety number; never changed, only added to.
CREATE TABLE verifications (
    participant    TEXT NOT NULL REFERENCES contacts (participant),    -- whom we compared with
    origin         TEXT NOT NULL,                                      -- the channel whose number was compared
    verified_ms    INTEGER NOT NULL,                                   -- when
    method         TEXT NOT NULL,                                      -- by which other route: voice, in person, ...
    safety_number  TEXT NOT NULL,                                      -- the digits both of us saw
    PRIMARY KEY (participant, origin, verified_ms)
) STRICT, WITHOUT ROWID;

-- One row per channel: what it is, and the value its conversation is at. The state columns always change together.
CREATE TABLE channels (
    log_id               BLOB NOT NULL PRIMARY KEY CHECK (length(log_id) = 32),  -- SHA-256 of the genesis; the MLS group id
    genesis              BLOB NOT NULL,          -- entry 0, encoded
    origin               TEXT NOT NULL UNIQUE,   -- the log's name on its checkpoints
    relay_url            TEXT NOT NULL,          -- where its relay is reached
    title                TEXT NOT NULL,          -- the charter's title, for listing channels
    joined_ms            INTEGER NOT NULL,       -- when we made or joined it
    epoch_state          BLOB NOT NULL,          -- the MLS group: what changes with a commit
    ratchet_state        BLOB NOT NULL,          -- the MLS group: what changes with a message; empty when kept in epoch_state
    pending_commit       BLOB,                   -- our commit that the relay has not ordered yet, and the group it opens
    size                 INTEGER NOT NULL CHECK (size >= 0),  -- entries verified and folded so far
    checkpoint           BLOB,                   -- the last verified checkpoint (signed note)
    accumulated_history  BLOB NOT NULL CHECK (length(accumulated_history) = 32),  -- accepted-history hash over them
    interim_transcript_hash BLOB NOT NULL,       -- of epoch 0 (RFC 9420, 8.2): where an auditor's chain of commits starts
    status               TEXT NOT NULL CHECK (status IN ('ACTIVE', 'LEFT', 'REMOVED', 'STOPPED')),
    alarm                TEXT,                   -- why it is STOPPED: what was seen
    CHECK ((status = 'STOPPED') = (alarm IS NOT NULL))
) STRICT, WITHOUT ROWID;

-- The log as we verified it, entry by entry. The bytes are the relay's, exactly.
CREATE TABLE entries (
    log_id         BLOB NOT NULL REFERENCES channels (log_id),
    position       INTEGER NOT NULL CHECK (position >= 0),             -- from 0, without gaps
    entry          BLOB NOT NULL,                                      -- encoded entry
    leaf_hash      BLOB NOT NULL CHECK (length(leaf_hash) = 32),       -- RFC 6962 leaf hash of it
    root_after     BLOB NOT NULL CHECK (length(root_after) = 32),      -- root of the log of position + 1 entries
    history_after  BLOB NOT NULL CHECK (length(history_after) = 32),   -- accepted-history hash over the same entries
    status         INTEGER NOT NULL CHECK (status IN (1, 2, 3)),       -- accepted, rejected, handshake
    reason         TEXT,                                               -- fixed reason code of a rejected entry
    PRIMARY KEY (log_id, position),
    CHECK ((status = 2) = (reason IS NOT NULL))
) STRICT;

-- What an entry contained. MLS deletes the keys, so this is the only plaintext that remains.
CREATE TABLE openings (
    log_id            BLOB NOT NULL,
    position          INTEGER NOT NULL,
    leaf_index        INTEGER NOT NULL CHECK (leaf_index >= 0),        -- the sender's leaf in that epoch
    content           BLOB NOT NULL,                                   -- application_data, or a commit's FramedContent
    signature         BLOB NOT NULL,                                   -- the sender's, over FramedContentTBS
    confirmation_tag  BLOB,                                            -- of a commit
    PRIMARY KEY (log_id, position),
    FOREIGN KEY (log_id, position) REFERENCES entries (log_id, position)
) STRICT;

-- The public state of each epoch: what an auditor needs to check signatures.
CREATE TABLE epochs (
    log_id         BLOB NOT NULL REFERENCES channels (log_id),
    epoch          INTEGER NOT NULL CHECK (epoch >= 0),                -- MLS epoch
    first_position INTEGER NOT NULL CHECK (first_position >= 0),       -- first entry that can belong to it
    group_context  BLOB NOT NULL,                                      -- GroupContext, encoded
    ratchet_tree   BLOB NOT NULL,                                      -- the public ratchet tree, encoded
    PRIMARY KEY (log_id, epoch)
) STRICT;

-- Every distinct checkpoint the relay ever signed to us, and where we had read less than it covers, its proof.
CREATE TABLE checkpoints (
    log_id         BLOB NOT NULL REFERENCES channels (log_id),
    size           INTEGER NOT NULL CHECK (size >= 0),                 -- tree size it signs
    root           BLOB NOT NULL CHECK (length(root) = 32),            -- root it signs
    note           BLOB NOT NULL,                                      -- the signed note, exactly
    proven_from    INTEGER CHECK (proven_from BETWEEN 1 AND size),     -- size of ours that it was proven to continue
    consistency    BLOB CHECK (length(consistency) % 32 = 0),          -- that proof (RFC 6962): its hashes, one by one
    PRIMARY KEY (log_id, size, note),
    CHECK ((proven_from IS NULL) = (consistency IS NULL))
) STRICT, WITHOUT ROWID;

-- Evidence that a relay showed two logs. Written when a channel stops; never deleted.
CREATE TABLE conflicts (
    number         INTEGER NOT NULL PRIMARY KEY,                       -- order of discovery
    log_id         BLOB NOT NULL REFERENCES channels (log_id),
    kind           TEXT NOT NULL,                                      -- fork, rollback, altered entry, ...
    ours           BLOB,                                               -- signed note we had verified; NULL before the first
    theirs         BLOB NOT NULL,                                      -- signed note, or the bytes, that contradict it
    detail         TEXT NOT NULL,                                      -- what was seen, one sentence
    seen_ms        INTEGER NOT NULL                                    -- when
) STRICT;

-- What we said and the log does not hold yet. Sealed bytes are written before any of them leaves; a retry sends them again.
CREATE TABLE outbox (
    sequence          INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,      -- order of sending; never reused
    log_id            BLOB NOT NULL REFERENCES channels (log_id),
    message_id        BLOB NOT NULL CHECK (length(message_id) = 16),   -- stable over every sealing
    body              BLOB NOT NULL,                                   -- the encoded message
    queued_ms         INTEGER NOT NULL,                                -- when it was said
    state             TEXT NOT NULL CHECK (state IN ('QUEUED', 'SEALED', 'RELAYED')),
    epoch             INTEGER,                                         -- epoch it is sealed in
    sealed            BLOB,                                            -- the MLSMessage, exactly as sent
    leaf_index        INTEGER,                                         -- our leaf in that epoch
    content           BLOB,                                            -- application_data: we cannot open our own ciphertext
    signature         BLOB,                                            -- our signature over FramedContentTBS
    counter           INTEGER,                                         -- the payload's counter in that epoch
    position          INTEGER,                                         -- where the relay's receipt says it is
    UNIQUE (log_id, message_id),
    CHECK ((state = 'QUEUED') = (sealed IS NULL)),
    CHECK ((sealed IS NULL) = (epoch IS NULL)),
    CHECK ((sealed IS NULL) = (leaf_index IS NULL AND content IS NULL AND signature IS NULL AND counter IS NULL)),
    CHECK ((state = 'RELAYED') = (position IS NOT NULL))
) STRICT;

-- One-time mailboxes: invitations we gave, and the one we are joining by.
CREATE TABLE invitations (
    mailbox             BLOB NOT NULL PRIMARY KEY CHECK (length(mailbox) = 32),  -- its id on the relay
    invitation_secret   BLOB NOT NULL CHECK (length(invitation_secret) = 32),    -- the code's secret
    side                TEXT NOT NULL CHECK (side IN ('INVITER', 'INVITEE')),
    log_id              BLOB REFERENCES channels (log_id),             -- the channel; unknown to the invitee until it joined
    relay_url           TEXT NOT NULL,                                 -- where the mailbox is
    role                TEXT NOT NULL,                                 -- role offered; empty on the invitee's side
    name                TEXT NOT NULL,                                 -- whom it is for, or our own name when joining
    expires_ms          INTEGER NOT NULL,                              -- after this the relay has forgotten it
    state               TEXT NOT NULL CHECK (state IN ('OPEN', 'REQUESTED', 'ANSWERED', 'DONE', 'FAILED')),
    key_package_bundle  BLOB,                                          -- the invitee's key packages with their private keys
    outgoing            BLOB,                                          -- sealed blobs to post, written before the first leaves
    principal           BLOB CHECK (length(principal) = 32),           -- the key of whom the newcomer will speak for
    principal_name      TEXT NOT NULL DEFAULT '',                      -- what that principal is called
    mandates            BLOB,                                          -- what that principal signed for them, canonical list
    replaces            TEXT CHECK (length(replaces) = 32),            -- participant id whose seat the newcomer's key takes
    seat_message        BLOB CHECK (length(seat_message) = 16),        -- our SEAT that asks every party, where they decide
    refusal             TEXT NOT NULL DEFAULT '',                      -- why it FAILED, for the person who gave it
    created_ms          INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- A message being written, one per channel; survives a crash.
CREATE TABLE drafts (
    log_id         BLOB NOT NULL PRIMARY KEY REFERENCES channels (log_id),
    body           BLOB NOT NULL,                                      -- the composer's fields, encoded
    changed_ms     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
