#include "proto/datagram.h"

#include <sodium.h>
#include <string.h>

enum {
    SEALED_HEADER_SIZE = 1 + 4 + 8,
    FIRST_HEADER_SIZE = 1 + NODE_ID_SIZE + DATAGRAM_SESSION_SIZE + 8,
    FIRST_PREFIX_SIZE = 8 + 4, // encrypted, before the payload
    QUESTION_HEADER_SIZE = 1 + NODE_ID_SIZE + DATAGRAM_NONCE_SIZE,
    QUESTION_PADDING_SIZE = 12,
    QUESTION_PLAIN_SIZE = 1 + DATAGRAM_QUESTION_SIZE + 4 + QUESTION_PADDING_SIZE,
    QUESTION_SIZE = QUESTION_HEADER_SIZE + QUESTION_PLAIN_SIZE + DATAGRAM_TAG_SIZE,
    ANSWER_HEADER_SIZE = 1 + 4 + DATAGRAM_NONCE_SIZE,
    ANSWER_PLAIN_SIZE = 1 + DATAGRAM_QUESTION_SIZE + DATAGRAM_SESSION_SIZE + 4 + 8,
    ANSWER_SIZE = ANSWER_HEADER_SIZE + ANSWER_PLAIN_SIZE + DATAGRAM_TAG_SIZE,
};

_Static_assert((int)ANSWER_SIZE <= (int)QUESTION_SIZE, "an answer is no larger than its question");
_Static_assert((int)DATAGRAM_OVERHEAD_SIZE == 29, "as the design promises");
_Static_assert((int)DATAGRAM_FIRST_OVERHEAD_SIZE ==
                   (int)FIRST_HEADER_SIZE + (int)FIRST_PREFIX_SIZE + (int)DATAGRAM_TAG_SIZE,
               "one layout");

// --- ciphers ---

static void nonce_of(uint64_t sequence, uint8_t ret_nonce[crypto_aead_chacha20poly1305_IETF_NPUBBYTES])
{
    memset(ret_nonce, 0, 4);
    for (size_t i = 0; i < 8; i++)
        ret_nonce[4 + i] = (uint8_t)(sequence >> (8 * i));
}

// Appends `plain` encrypted, authenticating with it the header that begins in `out` at `start`.
static void seal_numbered(struct buffer *out, size_t start, const uint8_t key[DATAGRAM_KEY_SIZE],
                          uint64_t sequence, struct bytes plain)
{
    uint8_t nonce[crypto_aead_chacha20poly1305_IETF_NPUBBYTES], sealed[LIMIT_DATAGRAM_SIZE_MAX];
    unsigned long long size;
    nonce_of(sequence, nonce);
    crypto_aead_chacha20poly1305_ietf_encrypt(sealed, &size, plain.data, plain.size, out->data + start,
                                              out->size - start, NULL, nonce, key);
    buffer_add(out, sealed, (size_t)size);
}

static bool open_numbered(struct bytes header, struct bytes sealed, const uint8_t key[DATAGRAM_KEY_SIZE],
                          uint64_t sequence, uint8_t *out)
{
    uint8_t nonce[crypto_aead_chacha20poly1305_IETF_NPUBBYTES];
    nonce_of(sequence, nonce);
    return crypto_aead_chacha20poly1305_ietf_decrypt(out, NULL, NULL, sealed.data, sealed.size, header.data,
                                                     header.size, nonce, key) == 0;
}

// The same for hellos; the nonce is the last part of the header.
static void seal_hello(struct buffer *out, size_t start, const uint8_t key[DATAGRAM_KEY_SIZE],
                       struct bytes plain)
{
    uint8_t sealed[MAX_OF(QUESTION_PLAIN_SIZE, ANSWER_PLAIN_SIZE) + DATAGRAM_TAG_SIZE];
    unsigned long long size;
    assert(plain.size + DATAGRAM_TAG_SIZE <= sizeof sealed);
    crypto_aead_xchacha20poly1305_ietf_encrypt(sealed, &size, plain.data, plain.size, out->data + start,
                                               out->size - start, NULL,
                                               out->data + out->size - DATAGRAM_NONCE_SIZE, key);
    buffer_add(out, sealed, (size_t)size);
}

static bool open_hello(const struct datagram_local *local, const struct datagram_peer *peer,
                       struct bytes packet, size_t header_size, uint8_t *out)
{
    uint8_t key[DATAGRAM_KEY_SIZE];
    datagram_local_key(local, peer, NULL, DATAGRAM_RECEIVING, key);
    bool opened = crypto_aead_xchacha20poly1305_ietf_decrypt(
                      out, NULL, NULL, packet.data + header_size, packet.size - header_size, packet.data,
                      header_size, packet.data + header_size - DATAGRAM_NONCE_SIZE, key) == 0;
    sodium_memzero(key, sizeof key);
    return opened;
}

// --- sending ---

size_t datagram_room(const struct datagram_peer *peer)
{
    switch (peer->state) {
    case DATAGRAM_GREETED:
        return LIMIT_DATAGRAM_SIZE_MAX - DATAGRAM_FIRST_OVERHEAD_SIZE;
    case DATAGRAM_ESTABLISHED:
        return LIMIT_DATAGRAM_SIZE_MAX - DATAGRAM_OVERHEAD_SIZE;
    default:
        return 0;
    }
}

static void seal_established(struct datagram_local *local, struct datagram_peer *peer, struct bytes payload,
                             struct buffer *out)
{
    size_t start = out->size;
    buffer_add_u8(out, DATAGRAM_SEALED);
    buffer_add_u32(out, peer->remote_index);
    buffer_add_u64(out, local->sequence);
    seal_numbered(out, start, peer->send_key, local->sequence, payload);
}

static void seal_first(struct datagram_local *local, struct datagram_peer *peer, struct bytes payload,
                       struct buffer *out)
{
    struct buffer plain = {0};
    size_t start = out->size;
    buffer_add_u8(out, DATAGRAM_FIRST);
    buffer_add(out, local->id.b, NODE_ID_SIZE);
    buffer_add(out, local->session.b, DATAGRAM_SESSION_SIZE);
    buffer_add_u64(out, local->sequence);
    buffer_add_u64(&plain, peer->answer_number);
    buffer_add_u32(&plain, peer->index);
    buffer_add(&plain, payload.data, payload.size);
    seal_numbered(out, start, peer->send_key, local->sequence, buffer_view(&plain));
    buffer_deinit(&plain);
}

int datagram_seal(struct datagram_local *local, struct datagram_peer *peer, struct bytes payload,
                  struct buffer *out)
{
    if (peer->state == DATAGRAM_STRANGER)
        return DATAGRAM_NO_SESSION;
    if (payload.size > datagram_room(peer))
        return DATAGRAM_TOO_LARGE;
    if (local->sequence == UINT64_MAX)
        return DATAGRAM_EXHAUSTED;
    local->sequence++;
    if (peer->state == DATAGRAM_ESTABLISHED)
        seal_established(local, peer, payload, out);
    else
        seal_first(local, peer, payload, out);
    return 0;
}

void datagram_ask(struct datagram_local *local, struct datagram_peer *peer,
                  const struct datagram_question *question, const struct datagram_nonce *nonce,
                  struct buffer *out)
{
    uint8_t key[DATAGRAM_KEY_SIZE];
    static const uint8_t padding[QUESTION_PADDING_SIZE];
    struct buffer plain = {0};
    size_t start = out->size;
    if (!peer->asked)
        peer->question = *question;
    peer->asked = true;
    buffer_add_u8(&plain, DATAGRAM_SUITE);
    buffer_add(&plain, peer->question.b, DATAGRAM_QUESTION_SIZE);
    buffer_add_u32(&plain, peer->index);
    buffer_add(&plain, padding, sizeof padding);
    buffer_add_u8(out, DATAGRAM_QUESTION);
    buffer_add(out, local->id.b, NODE_ID_SIZE);
    buffer_add(out, nonce->b, DATAGRAM_NONCE_SIZE);
    datagram_local_key(local, peer, NULL, DATAGRAM_SENDING, key);
    seal_hello(out, start, key, buffer_view(&plain));
    sodium_memzero(key, sizeof key);
    buffer_deinit(&plain);
}

// The answer to a question named `question` by a peer that wants its answer at `index`.
static int answer(struct datagram_local *local, const struct datagram_peer *peer, struct reader *question,
                  const struct datagram_nonce *nonce, struct buffer *out)
{
    uint8_t key[DATAGRAM_KEY_SIZE];
    struct buffer plain = {0};
    size_t start = out->size;
    struct bytes name = reader_bytes(question, DATAGRAM_QUESTION_SIZE);
    uint32_t index = reader_u32(question);
    if (local->sequence == UINT64_MAX)
        return DATAGRAM_EXHAUSTED;
    local->sequence++;
    buffer_add_u8(&plain, DATAGRAM_SUITE);
    buffer_add(&plain, name.data, name.size);
    buffer_add(&plain, local->session.b, DATAGRAM_SESSION_SIZE);
    buffer_add_u32(&plain, peer->index);
    buffer_add_u64(&plain, local->sequence);
    buffer_add_u8(out, DATAGRAM_ANSWER);
    buffer_add_u32(out, index);
    buffer_add(out, nonce->b, DATAGRAM_NONCE_SIZE);
    datagram_local_key(local, peer, NULL, DATAGRAM_SENDING, key);
    seal_hello(out, start, key, buffer_view(&plain));
    sodium_memzero(key, sizeof key);
    buffer_deinit(&plain);
    return 0;
}

// --- receiving ---

static int receive_sealed(struct datagram_local *local, struct bytes packet, struct buffer *out,
                          struct datagram_received *ret_received)
{
    struct reader reader;
    uint8_t plain[LIMIT_DATAGRAM_SIZE_MAX];
    reader_init(&reader, packet);
    reader_u8(&reader);
    struct datagram_peer *peer = datagram_local_find_index(local, reader_u32(&reader));
    uint64_t sequence = reader_u64(&reader);
    if (!peer)
        return DATAGRAM_UNKNOWN_PEER;
    if (peer->state == DATAGRAM_STRANGER)
        return DATAGRAM_NO_SESSION;
    if (!open_numbered(bytes_of(packet.data, SEALED_HEADER_SIZE), reader.rest, peer->receive_key, sequence,
                       plain))
        return DATAGRAM_FORGED;
    if (!replay_window_take(&peer->window, sequence))
        return DATAGRAM_REPLAYED;
    peer->state = DATAGRAM_ESTABLISHED;
    buffer_add(out, plain, reader.rest.size - DATAGRAM_TAG_SIZE);
    *ret_received = (struct datagram_received){.kind = DATAGRAM_SEALED, .peer = peer};
    return 0;
}

struct first {
    struct datagram_session session;
    uint64_t sequence;
    uint64_t answer_number;
    uint32_t index;
};

// Judges a first packet that has opened: replayed, of an old session, or to be taken.
static int judge_first(struct datagram_local *local, struct datagram_peer *peer, const struct first *first)
{
    bool is_present = datagram_local_is_in(peer, &first->session);
    bool is_newer = first->answer_number > peer->settled && first->answer_number <= local->sequence;
    if (is_present && !replay_window_take(&peer->window, first->sequence))
        return DATAGRAM_REPLAYED;
    if (!is_present && !is_newer)
        return DATAGRAM_OLD_SESSION;
    if (!is_present)
        datagram_local_settle(local, peer, &first->session, first->sequence);
    if (is_newer) {
        peer->settled = first->answer_number;
        peer->remote_index = first->index;
        peer->asked = false;
    }
    peer->state = DATAGRAM_ESTABLISHED;
    return 0;
}

static bool open_first(const struct datagram_local *local, const struct datagram_peer *peer,
                       const struct first *first, struct bytes packet, uint8_t *out)
{
    uint8_t key[DATAGRAM_KEY_SIZE];
    struct bytes header = bytes_of(packet.data, FIRST_HEADER_SIZE);
    struct bytes sealed = bytes_of(packet.data + FIRST_HEADER_SIZE, packet.size - FIRST_HEADER_SIZE);
    if (datagram_local_is_in(peer, &first->session))
        return open_numbered(header, sealed, peer->receive_key, first->sequence, out);
    datagram_local_key(local, peer, &first->session, DATAGRAM_RECEIVING, key);
    bool opened = open_numbered(header, sealed, key, first->sequence, out);
    sodium_memzero(key, sizeof key);
    return opened;
}

static int receive_first(struct datagram_local *local, struct bytes packet, struct buffer *out,
                         struct datagram_received *ret_received)
{
    struct reader reader;
    struct node_id id;
    struct first first;
    uint8_t plain[LIMIT_DATAGRAM_SIZE_MAX];
    reader_init(&reader, packet);
    reader_u8(&reader);
    reader_copy(&reader, id.b, sizeof id.b);
    reader_copy(&reader, first.session.b, sizeof first.session.b);
    first.sequence = reader_u64(&reader);
    struct datagram_peer *peer = datagram_local_find(local, &id);
    if (!peer)
        return DATAGRAM_UNKNOWN_PEER;
    if (!open_first(local, peer, &first, packet, plain))
        return DATAGRAM_FORGED;
    reader_init(&reader, bytes_of(plain, packet.size - FIRST_HEADER_SIZE - DATAGRAM_TAG_SIZE));
    first.answer_number = reader_u64(&reader);
    first.index = reader_u32(&reader);
    bool is_new_session = !datagram_local_is_in(peer, &first.session);
    int outcome = judge_first(local, peer, &first);
    if (outcome)
        return outcome;
    buffer_add(out, reader.rest.data, reader.rest.size);
    *ret_received =
        (struct datagram_received){.kind = DATAGRAM_FIRST, .peer = peer, .is_new_session = is_new_session};
    return 0;
}

static int receive_question(struct datagram_local *local, struct bytes packet,
                            const struct datagram_nonce *nonce, struct buffer *out,
                            struct datagram_received *ret_received)
{
    struct reader reader;
    struct node_id id;
    uint8_t plain[QUESTION_PLAIN_SIZE];
    memcpy(id.b, packet.data + 1, sizeof id.b);
    struct datagram_peer *peer = datagram_local_find(local, &id);
    if (!peer)
        return DATAGRAM_UNKNOWN_PEER;
    if (!open_hello(local, peer, packet, QUESTION_HEADER_SIZE, plain))
        return DATAGRAM_FORGED;
    reader_init(&reader, bytes_of(plain, sizeof plain));
    if (reader_u8(&reader) != DATAGRAM_SUITE)
        return DATAGRAM_OTHER_SUITE;
    int outcome = answer(local, peer, &reader, nonce, out);
    if (outcome == 0)
        *ret_received = (struct datagram_received){.kind = DATAGRAM_QUESTION, .peer = peer};
    return outcome;
}

static int receive_answer(struct datagram_local *local, struct bytes packet,
                          struct datagram_received *ret_received)
{
    struct reader reader;
    struct datagram_session session;
    uint8_t plain[ANSWER_PLAIN_SIZE];
    reader_init(&reader, bytes_of(packet.data + 1, packet.size - 1));
    struct datagram_peer *peer = datagram_local_find_index(local, reader_u32(&reader));
    if (!peer)
        return DATAGRAM_UNKNOWN_PEER;
    if (!open_hello(local, peer, packet, ANSWER_HEADER_SIZE, plain))
        return DATAGRAM_FORGED;
    reader_init(&reader, bytes_of(plain, sizeof plain));
    if (reader_u8(&reader) != DATAGRAM_SUITE)
        return DATAGRAM_OTHER_SUITE;
    struct bytes name = reader_bytes(&reader, DATAGRAM_QUESTION_SIZE);
    if (!peer->asked || memcmp(name.data, peer->question.b, name.size) != 0)
        return DATAGRAM_UNASKED;
    reader_copy(&reader, session.b, sizeof session.b);
    uint32_t remote_index = reader_u32(&reader);
    uint64_t number = reader_u64(&reader);
    bool is_new_session = !datagram_local_is_in(peer, &session);
    if (is_new_session)
        datagram_local_settle(local, peer, &session, number);
    peer->state = DATAGRAM_GREETED;
    peer->asked = false;
    peer->remote_index = remote_index;
    peer->answer_number = number;
    peer->settled = local->sequence;
    *ret_received =
        (struct datagram_received){.kind = DATAGRAM_ANSWER, .peer = peer, .is_new_session = is_new_session};
    return 0;
}

int datagram_receive(struct datagram_local *local, struct bytes packet, const struct datagram_nonce *nonce,
                     struct buffer *out, struct datagram_received *ret_received)
{
    if (packet.size == 0 || packet.size > LIMIT_DATAGRAM_SIZE_MAX)
        return DATAGRAM_MALFORMED;
    switch (packet.data[0]) {
    case DATAGRAM_SEALED:
        if (packet.size < DATAGRAM_OVERHEAD_SIZE)
            return DATAGRAM_MALFORMED;
        return receive_sealed(local, packet, out, ret_received);
    case DATAGRAM_FIRST:
        if (packet.size < DATAGRAM_FIRST_OVERHEAD_SIZE)
            return DATAGRAM_MALFORMED;
        return receive_first(local, packet, out, ret_received);
    case DATAGRAM_QUESTION:
        if (packet.size != QUESTION_SIZE)
            return DATAGRAM_MALFORMED;
        return receive_question(local, packet, nonce, out, ret_received);
    case DATAGRAM_ANSWER:
        if (packet.size != ANSWER_SIZE)
            return DATAGRAM_MALFORMED;
        return receive_answer(local, packet, ret_received);
    default:
        return DATAGRAM_MALFORMED;
    }
}

const char *datagram_outcome_text(int outcome)
{
    static const char *const texts[DATAGRAM_OUTCOME_COUNT] = {
        [0] = "ok",
        [DATAGRAM_MALFORMED] = "not a packet of ours",
        [DATAGRAM_UNKNOWN_PEER] = "from nobody we know",
        [DATAGRAM_NO_SESSION] = "no session with that peer yet",
        [DATAGRAM_FORGED] = "does not open: changed, sent back, of an old session or of another fleet",
        [DATAGRAM_REPLAYED] = "came before, or far too late",
        [DATAGRAM_OLD_SESSION] = "of a session that is over",
        [DATAGRAM_UNASKED] = "an answer to no question of ours",
        [DATAGRAM_OTHER_SUITE] = "in a suite this build does not speak",
        [DATAGRAM_TOO_LARGE] = "more than a packet holds",
        [DATAGRAM_EXHAUSTED] = "out of packet numbers; restart",
    };
    return outcome >= 0 && outcome < DATAGRAM_OUTCOME_COUNT ? texts[outcome] : "unknown";
}
