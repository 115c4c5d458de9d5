// fuzz_token.c - any text, and any contents under a checksum that holds: refused, or read back the same.
#include "proto/token.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

static void check_text(struct bytes text)
{
    struct token token, back;
    size_t position = 0;
    int outcome = token_decode(text, &token, &position);
    assert(token_outcome_text(outcome) != NULL);
    if (outcome == TOKEN_BAD_CHARACTER)
        assert(position >= 1 && position <= text.size);
    if (outcome != 0)
        return;
    struct buffer again = {0};
    token_encode(&token, &again);
    assert(token_decode(buffer_view(&again), &back, &position) == 0);
    assert(back.address_count == token.address_count);
    assert(memcmp(&back.fleet, &token.fleet, sizeof back.fleet) == 0);
    assert(memcmp(back.seed, token.seed, sizeof back.seed) == 0);
    for (size_t i = 0; i < token.address_count; i++)
        assert(address_equal(&token.addresses[i], &back.addresses[i]));
    buffer_deinit(&again);
}

static void check_contents(struct bytes contents)
{
    static const char alphabet[] = "0123456789abcdefghjkmnpqrstvwxyz";
    struct buffer data = {0}, text = {0};
    struct hasher hasher;
    hasher_start(&hasher, "katydid-token-1");
    hasher_add(&hasher, contents.data, contents.size);
    struct hash hash = hasher_finish(&hasher);
    buffer_add(&data, contents.data, contents.size);
    buffer_add(&data, hash.b, 4);
    for (size_t bit = 0; bit < data.size * 8; bit += 5) {
        unsigned value = 0;
        for (size_t i = bit; i < bit + 5; i++)
            value = value << 1 | (i < data.size * 8 ? (unsigned)data.data[i / 8] >> (7 - i % 8) & 1u : 0u);
        buffer_add_u8(&text, (uint8_t)alphabet[value]);
    }
    check_text(buffer_view(&text));
    buffer_deinit(&data);
    buffer_deinit(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    check_text(bytes_of(data, size));
    if (size <= 1024)
        check_contents(bytes_of(data, size));
    return 0;
}
