#include "gossip/seen.h"

#include "proto/ids.h"

bool seen_before(struct seen *seen, uint8_t class, struct bytes data, uint64_t now_ms)
{
    struct hasher hasher;
    struct reader reader;
    hasher_start(&hasher, "katydid-seen-1");
    hasher_add(&hasher, &class, 1);
    hasher_add(&hasher, data.data, data.size);
    struct hash whole = hasher_finish(&hasher);
    reader_init(&reader, bytes_of(whole.b, sizeof whole.b));
    uint64_t hash = reader_u64(&reader);
    size_t slot = (size_t)(hash % SEEN_SLOT_COUNT);
    if (seen->slots[slot].hash == hash && seen->slots[slot].until_ms > now_ms)
        return true;
    seen->slots[slot].hash = hash;
    seen->slots[slot].until_ms = now_ms + SEEN_MS;
    return false;
}
