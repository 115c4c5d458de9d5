#include "proto/token.h"

#include <sodium.h>
#include <string.h>

enum {
    CHECKSUM_SIZE = 4,
    FIXED_SIZE = 1 + HASH_SIZE + 8 + HASH_SIZE + PUBLIC_KEY_SIZE + TOKEN_SEED_SIZE,
    ADDRESS_SIZE_MAX = 1 + 16 + 2,
    SIZE_MIN = FIXED_SIZE + 1 + CHECKSUM_SIZE,
    SIZE_MAX_OF_ALL = SIZE_MIN + LIMIT_ADDRESS_COUNT_MAX * ADDRESS_SIZE_MAX,
};

static const char alphabet[] = "0123456789abcdefghjkmnpqrstvwxyz";

static void checksum_of(struct bytes data, uint8_t ret_checksum[CHECKSUM_SIZE])
{
    struct hasher hasher;
    hasher_start(&hasher, "katydid-token-1");
    hasher_add(&hasher, data.data, data.size);
    struct hash hash = hasher_finish(&hasher);
    memcpy(ret_checksum, hash.b, CHECKSUM_SIZE);
}

// --- base32 ---

static void base32_encode(struct bytes data, struct buffer *out)
{
    uint32_t bits = 0;
    unsigned count = 0; // of the low bits of `bits` not written yet
    for (size_t i = 0; i < data.size; i++) {
        bits = bits << 8 | data.data[i];
        for (count += 8; count >= 5; count -= 5)
            buffer_add_u8(out, (uint8_t)alphabet[bits >> (count - 5) & 31]);
    }
    if (count)
        buffer_add_u8(out, (uint8_t)alphabet[bits << (5 - count) & 31]);
}

static bool is_space(uint8_t character)
{
    return character == ' ' || character == '\t' || character == '\r' || character == '\n';
}

// 0..31, or -1.
static int value_of(uint8_t character)
{
    uint8_t lower = character >= 'A' && character <= 'Z' ? (uint8_t)(character + 32) : character;
    if (lower == 'o')
        return 0;
    if (lower == 'i' || lower == 'l')
        return 1;
    const char *found = lower ? strchr(alphabet, lower) : NULL;
    return found ? (int)(found - alphabet) : -1;
}

struct decoded {
    uint8_t data[SIZE_MAX_OF_ALL];
    size_t size;
    uint8_t rest;        // what the last character said beyond the last byte
    unsigned rest_count; // bits; 5 and more: that character was one too many
};

static int base32_decode(struct bytes text, struct decoded *decoded, size_t *ret_position)
{
    uint32_t bits = 0;
    unsigned count = 0;
    for (size_t i = 0; i < text.size; i++) {
        if (is_space(text.data[i]))
            continue;
        int value = value_of(text.data[i]);
        if (value < 0) {
            *ret_position = i + 1;
            return TOKEN_BAD_CHARACTER;
        }
        bits = bits << 5 | (uint32_t)value;
        count += 5;
        if (count < 8)
            continue;
        if (decoded->size == SIZE_MAX_OF_ALL)
            return TOKEN_TOO_LONG;
        count -= 8;
        decoded->data[decoded->size++] = (uint8_t)(bits >> count);
    }
    decoded->rest = (uint8_t)(bits & ((1u << count) - 1));
    decoded->rest_count = count;
    return decoded->size == 0 && count == 0 ? TOKEN_EMPTY : 0;
}

// --- contents ---

void token_encode(const struct token *token, struct buffer *out)
{
    struct buffer data = {0};
    uint8_t checksum[CHECKSUM_SIZE];
    assert(token->address_count >= 1 && token->address_count <= LIMIT_ADDRESS_COUNT_MAX);
    buffer_add_u8(&data, TOKEN_VERSION);
    buffer_add(&data, token->fleet.hash.b, HASH_SIZE);
    buffer_add_u64(&data, token->authority_number);
    buffer_add(&data, token->authority_head.b, HASH_SIZE);
    buffer_add(&data, token->redeemer_key.b, PUBLIC_KEY_SIZE);
    buffer_add(&data, token->seed, TOKEN_SEED_SIZE);
    buffer_add_u8(&data, (uint8_t)token->address_count);
    for (size_t i = 0; i < token->address_count; i++) {
        const struct address *address = &token->addresses[i];
        assert(address->ip_size == 4 || address->ip_size == 16);
        buffer_add_u8(&data, address->ip_size);
        buffer_add(&data, address->ip, address->ip_size);
        buffer_add_u16(&data, address->port);
    }
    checksum_of(buffer_view(&data), checksum);
    buffer_add(&data, checksum, sizeof checksum);
    base32_encode(buffer_view(&data), out);
    sodium_memzero(data.data, data.size);
    buffer_deinit(&data);
}

static bool read_address(struct reader *reader, struct address *ret_address)
{
    struct address address = {.ip_size = reader_u8(reader)};
    if (address.ip_size != 4 && address.ip_size != 16)
        return false;
    reader_copy(reader, address.ip, address.ip_size);
    address.port = reader_u16(reader);
    *ret_address = address;
    return !reader->failed;
}

enum shape { SHAPE_RIGHT, SHAPE_SHORT, SHAPE_LONG, SHAPE_WRONG };

// Reads what stands before the checksum of a token of this version, whether or not the checksum holds.
static enum shape read_contents(struct bytes data, struct token *token)
{
    struct reader reader;
    reader_init(&reader, data);
    reader_u8(&reader);
    reader_copy(&reader, token->fleet.hash.b, HASH_SIZE);
    token->authority_number = reader_u64(&reader);
    reader_copy(&reader, token->authority_head.b, HASH_SIZE);
    reader_copy(&reader, token->redeemer_key.b, PUBLIC_KEY_SIZE);
    reader_copy(&reader, token->seed, TOKEN_SEED_SIZE);
    token->address_count = reader_u8(&reader);
    if (reader.failed)
        return SHAPE_SHORT;
    if (token->address_count < 1 || token->address_count > LIMIT_ADDRESS_COUNT_MAX)
        return SHAPE_WRONG;
    for (size_t i = 0; i < token->address_count; i++)
        if (!read_address(&reader, &token->addresses[i]))
            return reader.failed ? SHAPE_SHORT : SHAPE_WRONG;
    return reader.rest.size ? SHAPE_LONG : SHAPE_RIGHT;
}

// What most likely happened to a token whose checksum does not hold.
static int guess_damage(uint8_t version, enum shape shape)
{
    if (version == TOKEN_VERSION && shape == SHAPE_SHORT)
        return TOKEN_CUT_SHORT;
    if (version == TOKEN_VERSION && shape == SHAPE_LONG)
        return TOKEN_TOO_LONG;
    return TOKEN_BAD_CHECKSUM;
}

static int read_token(struct bytes data, struct token *token)
{
    uint8_t checksum[CHECKSUM_SIZE];
    if (data.size <= CHECKSUM_SIZE)
        return TOKEN_CUT_SHORT;
    struct bytes contents = bytes_of(data.data, data.size - CHECKSUM_SIZE);
    enum shape shape = read_contents(contents, token);
    checksum_of(contents, checksum);
    if (memcmp(checksum, data.data + contents.size, sizeof checksum) != 0)
        return guess_damage(data.data[0], shape);
    if (data.data[0] != TOKEN_VERSION)
        return TOKEN_OTHER_VERSION;
    return shape == SHAPE_RIGHT ? 0 : TOKEN_MALFORMED;
}

// There is one text for each token: what decodes to it with something to spare was changed.
static int judge_rest(const struct decoded *decoded)
{
    if (decoded->rest_count >= 5)
        return TOKEN_TOO_LONG;
    return decoded->rest ? TOKEN_BAD_CHECKSUM : 0;
}

int token_decode(struct bytes text, struct token *ret_token, size_t *ret_position)
{
    struct decoded decoded = {0};
    struct token token = {0};
    int outcome = base32_decode(text, &decoded, ret_position);
    if (outcome == 0)
        outcome = read_token(bytes_of(decoded.data, decoded.size), &token);
    if (outcome == 0)
        outcome = judge_rest(&decoded);
    if (outcome == 0)
        *ret_token = token;
    sodium_memzero(&decoded, sizeof decoded);
    sodium_memzero(&token, sizeof token);
    return outcome;
}

const char *token_outcome_text(int outcome)
{
    switch (outcome) {
    case 0:
        return "ok";
    case TOKEN_EMPTY:
        return "there is no token in the input";
    case TOKEN_BAD_CHARACTER:
        return "the token has a character that no token has";
    case TOKEN_CUT_SHORT:
        return "the token is cut short: its end is missing";
    case TOKEN_TOO_LONG:
        return "the token is too long: something was pasted with it";
    case TOKEN_BAD_CHECKSUM:
        return "the token is mistyped: its checksum does not hold";
    case TOKEN_OTHER_VERSION:
        return "the token was made by another version of katydid: use the same on both machines";
    case TOKEN_MALFORMED:
        return "the token is whole but makes no sense: ask for a new one";
    default:
        return "unknown";
    }
}

void token_tag(const struct fleet_id *fleet, const struct public_key *token_key,
               uint8_t ret_tag[TOKEN_TAG_SIZE])
{
    struct hasher hasher;
    hasher_start(&hasher, "katydid-token-tag-1");
    hasher_add(&hasher, fleet->hash.b, HASH_SIZE);
    hasher_add(&hasher, token_key->b, PUBLIC_KEY_SIZE);
    struct hash hash = hasher_finish(&hasher);
    memcpy(ret_tag, hash.b, TOKEN_TAG_SIZE);
}
