#include "proto/envelope.h"

#include <sodium.h>
#include <string.h>

static const char envelope_tag[] = "katydid-signed-1"; // its zero byte is signed too

// What a body of this kind may take, so that a kind that everybody keeps cannot fill everybody's memory.
static size_t envelope_body_max(uint8_t kind)
{
    switch (kind) {
    case ENVELOPE_GENESIS:
    case ENVELOPE_AUTHORITY:
    case ENVELOPE_INVITE:
    case ENVELOPE_ADMISSION:
    case ENVELOPE_KEYS:
    case ENVELOPE_NODE:
        return LIMIT_AUTHORITY_SIZE_MAX;
    case ENVELOPE_DEFINITION:
        return LIMIT_DEFINITION_SIZE_MAX;
    case ENVELOPE_ALIVE: // urgent news must always ride in a rumour
    case ENVELOPE_LEAVE:
    case ENVELOPE_SUSPICION:
        return LIMIT_RUMOUR_RECORD_SIZE_MAX - ENVELOPE_HEADER_SIZE;
    default:
        return LIMIT_RECORD_SIZE_MAX - ENVELOPE_HEADER_SIZE;
    }
}

int envelope_parse(struct bytes input, struct envelope *ret_envelope)
{
    struct envelope envelope = {.whole = input};
    struct reader reader;
    reader_init(&reader, input);
    envelope.kind = reader_u8(&reader);
    envelope.version = reader_u8(&reader);
    if (reader.failed)
        return ENVELOPE_SHORT;
    if (input.size > LIMIT_RECORD_SIZE_MAX)
        return ENVELOPE_TOO_LARGE;
    if (envelope.version != ENVELOPE_VERSION)
        return ENVELOPE_VERSION_NEW; // what follows may be laid out differently
    reader_copy(&reader, envelope.signer.b, sizeof envelope.signer.b);
    reader_copy(&reader, envelope.signature.b, sizeof envelope.signature.b);
    uint32_t body_size = reader_u32(&reader);
    if (reader.failed)
        return ENVELOPE_SHORT;
    if (body_size > envelope_body_max(envelope.kind))
        return ENVELOPE_TOO_LARGE;
    envelope.body = reader_bytes(&reader, body_size);
    if (!reader_is_done(&reader))
        return ENVELOPE_SHORT;
    *ret_envelope = envelope;
    return 0;
}

static void envelope_signed_bytes(const struct envelope *envelope, const struct fleet_id *fleet,
                                  const struct public_key *key, struct buffer *out)
{
    static const struct fleet_id none;
    buffer_add(out, envelope_tag, sizeof envelope_tag);
    buffer_add_u8(out, envelope->kind);
    buffer_add_u8(out, envelope->version);
    buffer_add(out, envelope->kind == ENVELOPE_GENESIS ? &none : fleet, sizeof *fleet);
    buffer_add(out, key->b, sizeof key->b);
    buffer_add(out, envelope->body.data, envelope->body.size);
}

static struct record_id envelope_hash(struct bytes signed_bytes)
{
    struct hasher hasher;
    hasher_start(&hasher, envelope_tag);
    hasher_add(&hasher, signed_bytes.data + sizeof envelope_tag, signed_bytes.size - sizeof envelope_tag);
    return (struct record_id){hasher_finish(&hasher)};
}

int envelope_verify(const struct envelope *envelope, const struct fleet_id *fleet,
                    const struct public_key *key, struct record_id *ret_id)
{
    struct node_id signer = node_id_of(key);
    if (!node_id_equal(&signer, &envelope->signer))
        return ENVELOPE_WRONG_SIGNER;
    struct buffer message = {0};
    envelope_signed_bytes(envelope, fleet, key, &message);
    int outcome = ENVELOPE_FORGED;
    if (crypto_sign_verify_detached(envelope->signature.b, message.data, message.size, key->b) == 0) {
        *ret_id = envelope_hash(buffer_view(&message));
        outcome = 0;
    }
    buffer_deinit(&message);
    return outcome;
}

struct record_id envelope_id(const struct envelope *envelope, const struct fleet_id *fleet,
                             const struct public_key *key)
{
    struct buffer message = {0};
    envelope_signed_bytes(envelope, fleet, key, &message);
    struct record_id id = envelope_hash(buffer_view(&message));
    buffer_deinit(&message);
    return id;
}

struct record_id envelope_sign(const struct envelope_signer *signer, enum envelope_kind kind,
                               struct bytes body, struct buffer *out)
{
    assert(body.size <= envelope_body_max((uint8_t)kind));
    struct envelope envelope = {
        .kind = (uint8_t)kind,
        .version = ENVELOPE_VERSION,
        .signer = node_id_of(&signer->key),
        .body = body,
    };
    struct buffer message = {0};
    envelope_signed_bytes(&envelope, &signer->fleet, &signer->key, &message);
    int failed =
        crypto_sign_detached(envelope.signature.b, NULL, message.data, message.size, signer->secret.b);
    assert(failed == 0);
    struct record_id id = envelope_hash(buffer_view(&message));
    buffer_deinit(&message);

    buffer_add_u8(out, envelope.kind);
    buffer_add_u8(out, envelope.version);
    buffer_add(out, envelope.signer.b, sizeof envelope.signer.b);
    buffer_add(out, envelope.signature.b, sizeof envelope.signature.b);
    buffer_add_u32(out, (uint32_t)body.size);
    buffer_add(out, body.data, body.size);
    return id;
}

void envelope_keypair(const uint8_t seed[32], struct public_key *ret_key, struct secret_key *ret_secret)
{
    int failed = crypto_sign_seed_keypair(ret_key->b, ret_secret->b, seed);
    assert(failed == 0);
}

const char *envelope_outcome_text(int outcome)
{
    switch (outcome) {
    case 0:
        return "ok";
    case ENVELOPE_SHORT:
        return "cut off, or bytes left over";
    case ENVELOPE_TOO_LARGE:
        return "too large";
    case ENVELOPE_VERSION_NEW:
        return "of a version this build does not read";
    case ENVELOPE_WRONG_SIGNER:
        return "not from the signer it names";
    case ENVELOPE_FORGED:
        return "the signature does not hold";
    default:
        return "refused";
    }
}
