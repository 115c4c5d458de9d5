#include "gossip/rumor.h"

#include <stdlib.h>
#include <string.h>

enum { MISFITS_MAX = 64 };

static enum rumor_group group_of(uint8_t class)
{
    if (class >= RUMOR_NEWS)
        return RUMOR_GROUP_NEWS;
    return class == RUMOR_ALIVE ? RUMOR_GROUP_ALIVE : RUMOR_GROUP_URGENT;
}

static struct rumor **list_of(struct rumors *rumors, const struct rumor *rumor)
{
    return &rumors->newest[group_of(rumor->class)][rumor->sends];
}

static bool is_unsent_urgent(const struct rumor *rumor)
{
    return rumor->urgent && !rumor->sends;
}

static void rumor_link(struct rumors *rumors, struct rumor *rumor)
{
    struct rumor **newest = list_of(rumors, rumor);
    struct rumor **place = newest, *newer = NULL;
    while (*place && (*place)->serial > rumor->serial) { // usually none: the newest come last
        newer = *place;
        place = &newer->older;
    }
    rumor->newer = newer;
    rumor->older = *place;
    if (*place)
        (*place)->newer = rumor;
    *place = rumor;
    rumors->unsent_urgent_count += is_unsent_urgent(rumor);
}

static void rumor_unlink(struct rumors *rumors, struct rumor *rumor)
{
    if (rumor->newer)
        rumor->newer->older = rumor->older;
    else
        *list_of(rumors, rumor) = rumor->older;
    if (rumor->older)
        rumor->older->newer = rumor->newer;
    rumors->unsent_urgent_count -= is_unsent_urgent(rumor);
}

void rumor_deinit(struct rumors *rumors)
{
    for (size_t i = 0; i < rumors->count; i++) {
        buffer_deinit(&rumors->index[i]->data);
        free(rumors->index[i]);
    }
    free(rumors->index);
    *rumors = (struct rumors){0};
}

static size_t rumor_place(const struct rumors *rumors, uint8_t class, const struct hash *key)
{
    size_t low = 0, high = rumors->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct rumor *rumor = rumors->index[middle];
        int order =
            rumor->class != class ? (rumor->class < class ? -1 : 1) : memcmp(&rumor->key, key, sizeof *key);
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

struct rumor *rumor_find(const struct rumors *rumors, uint8_t class, const struct hash *key)
{
    size_t place = rumor_place(rumors, class, key);
    if (place == rumors->count || rumors->index[place]->class != class ||
        !hash_equal(&rumors->index[place]->key, key))
        return NULL;
    return rumors->index[place];
}

static void rumor_drop(struct rumors *rumors, struct rumor *rumor)
{
    size_t place = rumor_place(rumors, rumor->class, &rumor->key);
    rumor_unlink(rumors, rumor);
    rumors->group_count[group_of(rumor->class)]--;
    rumors->count--;
    memmove(rumors->index + place, rumors->index + place + 1,
            (rumors->count - place) * sizeof *rumors->index);
    buffer_deinit(&rumor->data);
    free(rumor);
}

void rumor_remove(struct rumors *rumors, uint8_t class, const struct hash *key)
{
    struct rumor *rumor = rumor_find(rumors, class, key);
    if (rumor)
        rumor_drop(rumors, rumor);
}

void rumor_remove_suspicions(struct rumors *rumors, const struct node_id *target)
{
    static const struct node_id first;
    struct hash key = rumor_key(target, &first);
    for (;;) {
        size_t place = rumor_place(rumors, RUMOR_SUSPICION, &key);
        if (place == rumors->count || rumors->index[place]->class != RUMOR_SUSPICION ||
            memcmp(rumors->index[place]->key.b, target->b, sizeof target->b) != 0)
            return;
        rumor_drop(rumors, rumors->index[place]);
    }
}

void rumor_expire(struct rumors *rumors, uint64_t now_ms)
{
    for (size_t i = rumors->count; i-- > 0;)
        if (rumors->index[i]->added_ms + RUMOR_AGE_MS_MAX <= now_ms)
            rumor_drop(rumors, rumors->index[i]);
}

struct hash rumor_key(const struct node_id *about, const struct node_id *by)
{
    struct hash key = {0};
    memcpy(key.b, about->b, sizeof about->b);
    if (by)
        memcpy(key.b + sizeof about->b, by->b, sizeof by->b);
    return key;
}

// The one that has been told most often is missed least: news first, then claims of life.
static void make_room(struct rumors *rumors)
{
    for (size_t group = RUMOR_GROUP_COUNT; group-- > 0;) {
        for (size_t sends = RUMOR_SENDS_MAX + 1; sends-- > 0;) {
            struct rumor *rumor = rumors->newest[group][sends];
            while (rumor && rumor->older)
                rumor = rumor->older;
            if (!rumor)
                continue;
            rumor_drop(rumors, rumor);
            return;
        }
    }
}

static struct rumor *rumor_insert(struct rumors *rumors, const struct rumor_words *words)
{
    if (rumors->count == RUMOR_COUNT_MAX)
        make_room(rumors);
    size_t place = rumor_place(rumors, words->class, &words->key);
    void *array = rumors->index;
    base_grow(&array, &rumors->capacity, rumors->count + 1, sizeof(struct rumor *));
    rumors->index = array;
    memmove(rumors->index + place + 1, rumors->index + place,
            (rumors->count - place) * sizeof *rumors->index);
    struct rumor *rumor = base_alloc(1, sizeof *rumor);
    rumor->class = words->class;
    rumor->key = words->key;
    rumors->index[place] = rumor;
    rumors->count++;
    rumors->group_count[group_of(words->class)]++;
    return rumor;
}

int rumor_add(struct rumors *rumors, const struct rumor_words *words)
{
    if (words->data.size > RUMOR_SIZE_MAX)
        return RUMOR_TOO_LARGE;
    struct rumor *rumor = rumor_find(rumors, words->class, &words->key);
    if (rumor && bytes_equal(buffer_view(&rumor->data), words->data))
        return RUMOR_KNOWN;
    if (rumor)
        rumor_unlink(rumors, rumor);
    else
        rumor = rumor_insert(rumors, words);
    rumor->urgent = words->urgent;
    rumor->source = words->source;
    rumor->sends = 0;
    rumor->added_ms = words->now_ms;
    rumor->serial = ++rumors->serial;
    rumors->urgent_serial += words->urgent;
    buffer_clear(&rumor->data);
    buffer_add(&rumor->data, words->data.data, words->data.size);
    rumor_link(rumors, rumor);
    return 0;
}

unsigned rumor_sends_needed(size_t live_count)
{
    unsigned digits = 0;
    for (size_t left = live_count; left; left /= 10) // rounded up log10(live_count + 1)
        digits++;
    unsigned sends = MIN_OF(4 * MAX_OF(digits, 2U), (unsigned)RUMOR_SENDS_MAX);
    return (unsigned)MIN_OF((size_t)sends, 3 * MAX_OF(live_count, (size_t)2) - 3);
}

static bool is_for(const struct rumor *rumor, const struct node_id *to)
{
    if (node_id_equal(&rumor->source, to))
        return false;
    return rumor->class != RUMOR_ALIVE || memcmp(rumor->key.b, to->b, sizeof to->b) != 0;
}

struct pick {
    struct rumors *rumors;
    const struct rumor_plan *plan;
    rumor_put *put;
    void *context;
    size_t left_bytes; // of the packet
    size_t chosen;
};

static size_t rumor_wire_size(const struct rumor *rumor)
{
    return PACKET_ITEM_OVERHEAD_SIZE + rumor->data.size + (rumor->class == RUMOR_ALIVE);
}

static void pick_one(struct pick *pick, struct rumor *rumor)
{
    pick->put(pick->context, rumor);
    pick->left_bytes -= rumor_wire_size(rumor);
    pick->chosen++;
    rumor_unlink(pick->rumors, rumor);
    rumor->sends++;
    rumor->pick = pick->rumors->picks;
    rumor_link(pick->rumors, rumor);
    if (rumor->sends >= pick->plan->sends_needed)
        rumor_drop(pick->rumors, rumor);
}

// Takes from one group as long as `reserve_bytes` of the packet stay free.
static void pick_group(struct pick *pick, enum rumor_group group, size_t reserve_bytes)
{
    unsigned misfits = 0; // looked at in vain; a long queue must not cost more than a packet is worth
    for (unsigned sends = 0; sends < pick->plan->sends_needed; sends++) {
        struct rumor *older = NULL;
        for (struct rumor *rumor = pick->rumors->newest[group][sends]; rumor; rumor = older) {
            older = rumor->older;
            if (rumor->pick == pick->rumors->picks || !is_for(rumor, &pick->plan->to))
                continue;
            if (rumor_wire_size(rumor) + reserve_bytes <= pick->left_bytes)
                pick_one(pick, rumor);
            else if (++misfits == MISFITS_MAX)
                return;
        }
    }
}

// The fleet shrank: what was told often enough for it now is over.
static void drop_told_enough(struct rumors *rumors, unsigned sends_needed)
{
    for (size_t group = 0; group < RUMOR_GROUP_COUNT; group++)
        for (unsigned sends = sends_needed; sends <= RUMOR_SENDS_MAX; sends++)
            while (rumors->newest[group][sends])
                rumor_drop(rumors, rumors->newest[group][sends]);
}

size_t rumor_pick(struct rumors *rumors, const struct rumor_plan *plan, rumor_put *put, void *context)
{
    struct pick pick = {rumors, plan, put, context, plan->room_bytes, 0};
    size_t reserve_bytes = rumors->group_count[RUMOR_GROUP_NEWS] ? plan->room_bytes / 2 : 0;
    rumors->picks += !plan->is_continued;
    drop_told_enough(rumors, plan->sends_needed);
    pick_group(&pick, RUMOR_GROUP_URGENT, reserve_bytes);
    pick_group(&pick, RUMOR_GROUP_ALIVE, reserve_bytes);
    pick_group(&pick, RUMOR_GROUP_NEWS, 0);
    if (reserve_bytes) { // what the news left over
        pick_group(&pick, RUMOR_GROUP_URGENT, 0);
        pick_group(&pick, RUMOR_GROUP_ALIVE, 0);
    }
    return pick.chosen;
}
