#include "tests/unit/support_records.h"

#include <string.h>

struct envelope_signer support_signer(const struct fleet_id *fleet, uint8_t number)
{
    struct envelope_signer signer = {0};
    uint8_t seed[32];
    memset(seed, number, sizeof seed);
    envelope_keypair(seed, &signer.key, &signer.secret);
    if (fleet)
        signer.fleet = *fleet;
    return signer;
}

struct definition support_definition(const char *name)
{
    static const struct definition_trigger every_minute = {.kind = DEFINITION_EVERY, .period_ms = 60000};
    static const char *const argv[] = {"/bin/true"};
    struct definition definition = {
        .namespace_name = "main",
        .life = 1,
        .version = 1,
        .stamp = (uint64_t)SUPPORT_WALL_MS << 16,
        .schedule_version = 1,
        .since = (uint64_t)SUPPORT_WALL_MS << 16,
        .authority_number = 1,
        .triggers = &every_minute,
        .trigger_count = 1,
        .zone = "UTC",
        .argv = argv,
        .argument_count = COUNT_OF(argv),
        .user = "nobody",
    };
    assert(name_is_valid(bytes_of_text(name)));
    strcpy(definition.name, name);
    return definition;
}

struct record_id support_sign_definition(const struct envelope_signer *signer,
                                         const struct definition *definition, struct buffer *out)
{
    struct buffer body = {0};
    definition_encode(definition, &body);
    struct record_id id = envelope_sign(signer, ENVELOPE_DEFINITION, buffer_view(&body), out);
    buffer_deinit(&body);
    return id;
}

uint64_t support_random(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}
