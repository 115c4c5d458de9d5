#include "crdt/directory_record.h"

#include "crdt/stamp.h"

#include <stdlib.h>
#include <string.h>

#define KEYS_STAMP (UINT64_C(1) << 63) // after everything that has a time

static bool record_decode(struct directory_record *record, const struct envelope *envelope)
{
    switch (envelope->kind) {
    case ENVELOPE_INVITE:
        return invite_decode(envelope->body, &record->arena, &record->body.invite) == 0;
    case ENVELOPE_ADMISSION:
        if (admission_decode(envelope->body, &record->arena, &record->body.admission) != 0)
            return false;
        record->subject = node_id_of(&record->body.admission.node_key);
        record->stamp = stamp_of_wall_ms(record->body.admission.at_ms);
        return true;
    case ENVELOPE_KEYS:
        if (node_keys_decode(envelope->body, &record->arena, &record->body.keys) != 0)
            return false;
        record->subject = envelope->signer;
        record->stamp = KEYS_STAMP;
        return true;
    case ENVELOPE_NODE:
        if (node_record_decode(envelope->body, &record->arena, &record->body.node) != 0)
            return false;
        record->subject = node_id_of(&record->body.node.node_key);
        return true;
    default:
        return false;
    }
}

struct directory_record *directory_record_new(const struct record_id *id, const struct envelope *envelope)
{
    struct directory_record *record = base_alloc(1, sizeof *record + envelope->whole.size);
    record->id = *id;
    record->kind = envelope->kind;
    record->signer = envelope->signer;
    record->size = (uint32_t)envelope->whole.size;
    memcpy(record->envelope, envelope->whole.data, envelope->whole.size);
    arena_allow(&record->arena, envelope->body.size);
    if (record_decode(record, envelope))
        return record;
    directory_record_free(record);
    return NULL;
}

void directory_record_free(struct directory_record *record)
{
    if (record)
        arena_deinit(&record->arena);
    free(record);
}

struct bytes directory_record_bytes(const struct directory_record *record)
{
    return bytes_of(record->envelope, record->size);
}

int directory_record_compare(const struct tree_node *node, const void *id)
{
    return memcmp(&((const struct directory_record *)(const void *)node)->id, id, sizeof(struct record_id));
}

int directory_record_compare_use(const struct tree_node *node, const void *admission)
{
    const struct directory_record *record =
        (const void *)((const char *)node - offsetof(struct directory_record, by_use));
    const struct admission *mine = &record->body.admission, *wanted = admission;
    int order = memcmp(&mine->invite, &wanted->invite, sizeof mine->invite);
    return order ? order : (mine->use > wanted->use) - (mine->use < wanted->use);
}

struct directory_record *directory_record_of_use(struct tree_node *node)
{
    return node ? CONTAINER_OF(node, struct directory_record, by_use) : NULL;
}

bool directory_record_allows_name(const struct invite *invite, const char *name)
{
    size_t size = strlen(invite->name_pattern);
    if (size && invite->name_pattern[size - 1] == '*')
        return strncmp(invite->name_pattern, name, size - 1) == 0;
    return strcmp(invite->name_pattern, name) == 0;
}

static uint64_t serial_of(const struct directory_record *record)
{
    switch (record->kind) {
    case ENVELOPE_KEYS:
        return record->body.keys.serial;
    case ENVELOPE_NODE:
        return record->body.node.serial;
    default:
        return 0;
    }
}

int directory_record_order_of(const struct directory_record *a, const struct directory_record *b)
{
    uint64_t left = serial_of(a), right = serial_of(b);
    if (left != right)
        return left < right ? -1 : 1;
    return memcmp(&a->id, &b->id, sizeof a->id);
}
