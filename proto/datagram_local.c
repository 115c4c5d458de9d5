#include "proto/datagram_local.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "proto/sorted.h"

_Static_assert((int)DATAGRAM_KEY_SIZE == (int)DH_SIZE, "the pair's secret keys a hash");

void datagram_local_key(const struct datagram_local *local, const struct datagram_peer *peer,
                        const struct datagram_session *remote, enum datagram_direction direction,
                        uint8_t ret_key[DATAGRAM_KEY_SIZE])
{
    static const char packet_tag[] = "katydid/1 datagram", hello_tag[] = "katydid/1 hello";
    bool sending = direction == DATAGRAM_SENDING;
    crypto_generichash_state state;
    crypto_generichash_init(&state, peer->secret, sizeof peer->secret, DATAGRAM_KEY_SIZE);
    if (remote)
        crypto_generichash_update(&state, (const uint8_t *)packet_tag, sizeof packet_tag);
    else
        crypto_generichash_update(&state, (const uint8_t *)hello_tag, sizeof hello_tag);
    crypto_generichash_update(&state, local->fleet.hash.b, HASH_SIZE);
    crypto_generichash_update(&state, sending ? local->key.b : peer->key.b, PUBLIC_KEY_SIZE);
    crypto_generichash_update(&state, sending ? peer->key.b : local->key.b, PUBLIC_KEY_SIZE);
    if (remote) {
        crypto_generichash_update(&state, sending ? local->session.b : remote->b, DATAGRAM_SESSION_SIZE);
        crypto_generichash_update(&state, sending ? remote->b : local->session.b, DATAGRAM_SESSION_SIZE);
    }
    crypto_generichash_final(&state, ret_key, DATAGRAM_KEY_SIZE);
    sodium_memzero(&state, sizeof state);
}

void datagram_local_init(struct datagram_local *local, const struct datagram_local_options *options)
{
    *local = (struct datagram_local){.fleet = options->fleet,
                                     .id = options->id,
                                     .secret = options->secret,
                                     .key = dh_public_of(&options->secret),
                                     .session = options->session,
                                     .index_base = options->index_base};
}

void datagram_local_deinit(struct datagram_local *local)
{
    free(local->by_index);
    free(local->by_id);
    sodium_memzero(local, sizeof *local);
}

static void forget_session(struct datagram_local *local, struct datagram_peer *peer)
{
    peer->state = DATAGRAM_STRANGER;
    peer->asked = false;
    peer->settled = local->sequence;
    sodium_memzero(peer->send_key, sizeof peer->send_key);
    sodium_memzero(peer->receive_key, sizeof peer->receive_key);
}

void datagram_local_renew(struct datagram_local *local, const struct datagram_session *session)
{
    local->session = *session;
    for (size_t i = 0; i < local->peer_count; i++)
        forget_session(local, local->by_id[i]);
}

static int compare_ids(const void *element, const void *id)
{
    struct datagram_peer *const *peer = element;
    return memcmp(&(*peer)->id, id, sizeof(struct node_id));
}

static bool find_place(const struct datagram_local *local, const struct node_id *id, size_t *ret_at)
{
    return sorted_find(SORTED(local->by_id, local->peer_count, compare_ids), id, ret_at);
}

struct datagram_peer *datagram_local_find(const struct datagram_local *local, const struct node_id *id)
{
    size_t at;
    return find_place(local, id, &at) ? local->by_id[at] : NULL;
}

struct datagram_peer *datagram_local_find_index(const struct datagram_local *local, uint32_t index)
{
    uint32_t slot = index - local->index_base; // wraps as the indexes do
    return slot < local->index_count ? local->by_index[slot] : NULL;
}

static void insert_by_id(struct datagram_local *local, struct datagram_peer *peer)
{
    size_t at;
    (void)find_place(local, &peer->id, &at);
    void *array = local->by_id;
    struct datagram_peer **place =
        sorted_insert(&array, &local->peer_count, &local->peer_capacity, at, sizeof *place);
    local->by_id = array;
    *place = peer;
}

// The lowest free slot, so that the array is no longer than the most peers there ever were at once.
static uint32_t insert_by_index(struct datagram_local *local, struct datagram_peer *peer)
{
    size_t slot = 0;
    if (local->peer_count == local->index_count)
        slot = local->index_count;
    while (slot < local->index_count && local->by_index[slot])
        slot++;
    if (slot == local->index_count) {
        void *array = local->by_index;
        base_grow(&array, &local->index_capacity, local->index_count + 1, sizeof local->by_index[0]);
        local->by_index = array;
        local->index_count++;
    }
    local->by_index[slot] = peer;
    return local->index_base + (uint32_t)slot;
}

bool datagram_local_add(struct datagram_local *local, struct datagram_peer *peer, const struct node_id *id,
                        const struct public_key *key)
{
    uint8_t secret[DATAGRAM_KEY_SIZE];
    bool is_self = node_id_equal(id, &local->id) || memcmp(key, &local->key, sizeof *key) == 0;
    if (is_self || datagram_local_find(local, id) || !dh_agree(&local->secret, key, secret))
        return false;
    *peer = (struct datagram_peer){.id = *id, .key = *key, .settled = local->sequence};
    memcpy(peer->secret, secret, sizeof secret);
    sodium_memzero(secret, sizeof secret);
    peer->index = insert_by_index(local, peer);
    insert_by_id(local, peer);
    return true;
}

void datagram_local_remove(struct datagram_local *local, struct datagram_peer *peer)
{
    size_t at;
    bool found = find_place(local, &peer->id, &at);
    assert(found && local->by_id[at] == peer);
    local->peer_count--;
    memmove(local->by_id + at, local->by_id + at + 1, (local->peer_count - at) * sizeof local->by_id[0]);
    local->by_index[peer->index - local->index_base] = NULL;
    sodium_memzero(peer, sizeof *peer);
}

void datagram_local_settle(const struct datagram_local *local, struct datagram_peer *peer,
                           const struct datagram_session *session, uint64_t floor)
{
    peer->session = *session;
    datagram_local_key(local, peer, session, DATAGRAM_SENDING, peer->send_key);
    datagram_local_key(local, peer, session, DATAGRAM_RECEIVING, peer->receive_key);
    replay_window_init(&peer->window, floor);
}

bool datagram_local_is_in(const struct datagram_peer *peer, const struct datagram_session *session)
{
    return peer->state != DATAGRAM_STRANGER && memcmp(&peer->session, session, sizeof *session) == 0;
}
