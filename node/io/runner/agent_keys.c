#include "node/io/runner/agent_keys.h"

#include <errno.h>
#include <sodium.h>
#include <string.h>

#include "node/io/clock.h"
#include "node/io/runner/checked_file.h"

static const char TAG[] = "katydid-keys-1\n";

void agent_keys_generate(struct agent_keys *ret_keys)
{
    *ret_keys = (struct agent_keys){0};
    clock_entropy(ret_keys->signing_seed, sizeof ret_keys->signing_seed);
    clock_entropy(ret_keys->datagram_secret, sizeof ret_keys->datagram_secret);
}

void agent_keys_wipe(struct agent_keys *keys)
{
    sodium_memzero(keys, sizeof *keys);
}

struct public_key agent_keys_node_key(const struct agent_keys *keys)
{
    struct envelope_signer signer = agent_keys_signer(keys);
    struct public_key key = signer.key;
    sodium_memzero(&signer, sizeof signer);
    return key;
}

struct public_key agent_keys_datagram_key(const struct agent_keys *keys)
{
    struct public_key key;
    int r = crypto_scalarmult_base(key.b, keys->datagram_secret);
    assert(r == 0); // a base point times any clamped scalar is never the identity
    return key;
}

struct envelope_signer agent_keys_signer(const struct agent_keys *keys)
{
    struct envelope_signer signer = {.fleet = keys->fleet};
    envelope_keypair(keys->signing_seed, &signer.key, &signer.secret);
    return signer;
}

int agent_keys_save(int net_directory, uid_t user, gid_t group, const struct agent_keys *keys)
{
    struct checked_file file = {
        .directory = net_directory, .name = "keys", .tag = TAG, .user = user, .group = group};
    uint8_t payload[sizeof keys->fleet.hash.b + sizeof keys->signing_seed + sizeof keys->datagram_secret];
    memcpy(payload, keys->fleet.hash.b, HASH_SIZE);
    memcpy(payload + HASH_SIZE, keys->signing_seed, sizeof keys->signing_seed);
    memcpy(payload + HASH_SIZE + sizeof keys->signing_seed, keys->datagram_secret,
           sizeof keys->datagram_secret);
    int r = checked_file_write(&file, bytes_of(payload, sizeof payload));
    sodium_memzero(payload, sizeof payload);
    return r;
}

int agent_keys_load(int net_directory, struct agent_keys *ret_keys)
{
    struct checked_file file = {.directory = net_directory, .name = "keys", .tag = TAG};
    struct buffer payload = {0};
    struct agent_keys keys = {0};
    struct reader reader;
    int r = checked_file_read(&file, &payload);
    reader_init(&reader, buffer_view(&payload));
    reader_copy(&reader, keys.fleet.hash.b, sizeof keys.fleet.hash.b);
    reader_copy(&reader, keys.signing_seed, sizeof keys.signing_seed);
    reader_copy(&reader, keys.datagram_secret, sizeof keys.datagram_secret);
    if (r == 0 && !reader_is_done(&reader))
        r = -EBADMSG;
    if (r == 0)
        *ret_keys = keys;
    if (payload.size)
        sodium_memzero(payload.data, payload.size);
    buffer_deinit(&payload);
    agent_keys_wipe(&keys);
    return r;
}
