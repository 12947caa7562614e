/* The two tables of the records port. Their keys, indexes and projections are written down once, in
 * infra/terraform/tables/{users,messages}.json, for Terraform and for the tests.
 *
 * Users: hash key userId. Items of the records port:
 *
 *   <user id>           the user: username, email, keyReference, topicReference, accountState
 *                       (provisioning, ready, disabled, erased), createdAt (ms), quotaBytes
 *                       (absent: the server's default), usedBytes (sealed bytes of the letters
 *                       kept for the user), directory ("all", only while ready). An erased account
 *                       keeps its id, its state and usedBytes until the last of its letters is
 *                       gone, and for good: nothing can bring it back, and the letters that it
 *                       sent still name the id.
 *   name#<username>     the name's lock: ownerId. DynamoDB knows no unique attribute but the key.
 *                       Names are never changed.
 *   config#cursor-key   cursorKey: what the cursors of all nodes are signed with. Made by the node
 *                       that needs it first.
 *
 * Items of the identity port (aws/cognito), each with a ttl (seconds), after which it means
 * nothing:
 *
 *   sessions#<user id>  the live sessions, an attribute each: session_map.h
 *   refresh#<base64url SHA-256 of a used-up refresh token>
 *                       whose session it was of, where refresh tokens rotate: session_map.h
 *   confirmed#<user id> code: a digest of the code that confirmed the account, for the hour in
 *                       which the confirmation may be repeated: cognito_sign_up.c
 *   invite#<base64url digest of the invitation>
 *                       createdAt, expiresAt (ms), usedBy: cognito_invites.h
 *
 *   directoryIndex (directory, username): the ready users in order. usedBytes is not projected, or
 *   every letter would write to this one partition.
 *
 * Messages: hash key messageId. Four kinds of items:
 *
 *   <message id>        the letter: senderId, recipientId, conversationId ("<smaller id>#<larger
 *                       id>"), sortKey ("<13 digits of sent ms>#<message id>"), unreadFor (the
 *                       recipient while unread), readAt, readMark (of the call that read it
 *                       first), expiresAt and expiryShard (only when it expires), size,
 *                       sealedSize, senderCanOpen, senderVerified, inlineFrames, sealedByClient,
 *                       checksum, header, frames (only inline).
 *   idem#<sender id>#<base64url of the key>
 *                       an idempotency key: fingerprint, usedAt, and letter, a map of the letter's
 *                       attributes without payload, so that a repetition is answered without a
 *                       second read, even if the letter was deleted meanwhile. It counts for a day
 *                       after usedAt; DynamoDB removes it some time after its ttl (seconds).
 *
 *   upload#<id>         an upload (ports/uploads.h): ownerId, length, version, done, draft, state,
 *                       expiresAt, and expiryShard "uploads", so that the sweep finds it by the
 *                       expiryIndex.
 *   uploads#<owner id>  that user's open uploads: open, a map of length and expiresAt by id, and
 *                       version; with a ttl. It limits them.
 *
 *   recipientIndex, senderIndex, conversationIndex (their id, sortKey): the lists.
 *   unreadIndex (unreadFor, sortKey): sparse, so that unread counts cannot drift.
 *   expiryIndex (expiryShard, expiresAt): sparse; what the sweep walks. DynamoDB's own ttl would
 *   leave the letter's object and its share of the recipient's usage behind. Shards, because an
 *   index partition takes 1,000 writes a second.
 *
 * Consistency. Everything that decides something is a condition of the write itself, and items are
 * read by key with ConsistentRead. Indexes are eventually consistent on AWS, usually within
 * milliseconds: lists, letters since, the unread summary, the directory and the expiry sweep may
 * miss what was stored, or show what was read or deleted, a moment ago. Erasure does not rely on
 * them: it is not done before usedBytes is 0.
 *
 * Names. Letters hold ids only; reads look the names up among the users (cached for
 * DYNAMO_USER_CACHE_MS). So erasing an account writes to no letter that it sent, and no name stays
 * in them; on other nodes an erased name may be shown for that long.
 *
 * Limits. Letters to one recipient change one item, usedBytes, one transaction after the other:
 * some tens a second; more wait for their turn, with jitter, until their deadlines. Letters to
 * different recipients share nothing.
 *
 * Rights that the server's role needs: on Users GetItem, BatchGetItem, PutItem, UpdateItem,
 * DeleteItem; on Messages GetItem, PutItem, UpdateItem, DeleteItem; Query on the indexes of both.
 * TransactWriteItems goes by the rights of its actions. No Scan. */
#ifndef LETTERLOCK_AWS_DYNAMO_SCHEMA_H
#define LETTERLOCK_AWS_DYNAMO_SCHEMA_H

#define DYNAMO_NAME_PREFIX "name#"
#define DYNAMO_CURSOR_KEY_ID "config#cursor-key"
#define DYNAMO_IDEMPOTENCY_PREFIX "idem#"
#define DYNAMO_UPLOAD_PREFIX "upload#"
#define DYNAMO_UPLOADS_PREFIX "uploads#"
#define DYNAMO_UPLOADS_SHARD "uploads"
#define DYNAMO_DIRECTORY "all"

#define DYNAMO_DIRECTORY_INDEX "directoryIndex"
#define DYNAMO_RECIPIENT_INDEX "recipientIndex"
#define DYNAMO_SENDER_INDEX "senderIndex"
#define DYNAMO_CONVERSATION_INDEX "conversationIndex"
#define DYNAMO_UNREAD_INDEX "unreadIndex"
#define DYNAMO_EXPIRY_INDEX "expiryIndex"

/* Condition or filter: the letter has not expired. */
#define DYNAMO_VISIBLE "(attribute_not_exists(expiresAt) OR expiresAt > :now)"

#define DYNAMO_EXPIRY_SHARDS 8u

/* accountState, in the order of enum user_state, and then that of an erased account. */
#define DYNAMO_STATES                                                                              \
    {                                                                                              \
        "provisioning", "ready", "disabled", "erased"                                              \
    }
#define DYNAMO_STATE_ERASED 3

/* An item may have 400 KB, and a write unit is 1 KB: past this size S3 is the cheaper place. */
#define DYNAMO_INLINE_MAX_BYTES 16384u

#define DYNAMO_IDEMPOTENCY_MS (24 * 3600 * (int64_t)1000)
/* The ttl of an idempotency item is later than its end by this: clocks differ. */
#define DYNAMO_IDEMPOTENCY_SLACK_S 3600

#define DYNAMO_USER_CACHE_MS 60000

#endif
