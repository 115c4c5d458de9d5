#include "node/io/runner/evidence.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// --- making it ---------------------------------------------------------------

static int write_file(int directory, const char *name, const struct bytes *entries, size_t count)
{
    struct applog log;
    int r = applog_open(&log, directory, name, applog_ignore, NULL);
    for (size_t i = 0; r == 0 && i < count; i++)
        r = applog_append(&log, entries[i]);
    if (r == 0)
        r = applog_sync(&log);
    applog_close(&log);
    return r;
}

int evidence_create(int runner_directory, const struct evidence_first *first)
{
    struct bytes *chain = base_alloc(first->authority_count + 1, sizeof *chain);
    static const char *const left_over[] = {"authority", "node", "floors", "journal"};
    for (size_t i = 0; i < COUNT_OF(left_over); i++) // of an attempt that did not come to its pin
        unlinkat(runner_directory, left_over[i], 0);
    chain[0] = first->genesis;
    for (size_t i = 0; i < first->authority_count; i++)
        chain[i + 1] = first->authority[i];
    int r = write_file(runner_directory, "authority", chain, first->authority_count + 1);
    free(chain);
    if (r == 0)
        r = write_file(runner_directory, "node", first->node, first->node_count);
    if (r == 0)
        r = pin_save(runner_directory, &first->pin); // last: whoever finds a pin finds all
    return r;
}

// --- opening it --------------------------------------------------------------

struct loading {
    struct evidence *evidence;
    struct buffer *node_records; // owned
    size_t node_count, node_capacity;
};

static void load_authority(void *context, struct bytes envelope)
{
    struct evidence *evidence = ((struct loading *)context)->evidence;
    uint64_t needed;
    if (!evidence->authority.genesis_envelope.size)
        (void)!authority_log_init(&evidence->authority, envelope, &evidence->pin.fleet);
    else
        (void)!authority_log_add(&evidence->authority, envelope, &needed); // a gap shows, and is fed again
}

static void load_node(void *context, struct bytes envelope)
{
    struct loading *loading = context;
    void *array = loading->node_records;
    base_grow(&array, &loading->node_capacity, loading->node_count + 1, sizeof *loading->node_records);
    loading->node_records = array;
    struct buffer *copy = &loading->node_records[loading->node_count++];
    *copy = (struct buffer){0};
    buffer_add(copy, envelope.data, envelope.size);
}

// Some records rest on others; they are tried again as long as others go in.
static void restore_nodes(struct loading *loading)
{
    size_t added;
    do {
        added = 0;
        for (size_t i = 0; i < loading->node_count; i++)
            added += directory_restore(&loading->evidence->directory, &loading->evidence->authority,
                                       buffer_view(&loading->node_records[i])) == 0;
    } while (added);
}

static void loading_deinit(struct loading *loading)
{
    for (size_t i = 0; i < loading->node_count; i++)
        buffer_deinit(&loading->node_records[i]);
    free(loading->node_records);
}

static bool open_logs(struct evidence *evidence, int directory, struct reason *ret_reason)
{
    struct loading loading = {.evidence = evidence};
    int r = applog_open(&evidence->authority_file, directory, "authority", load_authority, &loading);
    if (r != 0) {
        reason_set(ret_reason, "runner/authority: %s", strerror(-r));
        return false;
    }
    if (!evidence->authority.genesis_envelope.size) {
        reason_set(ret_reason, "runner/authority does not begin with the genesis of this fleet");
        return false;
    }
    r = applog_open(&evidence->node_file, directory, "node", load_node, &loading);
    if (r == 0)
        restore_nodes(&loading);
    loading_deinit(&loading);
    if (r != 0) {
        reason_set(ret_reason, "runner/node: %s", strerror(-r));
        return false;
    }
    r = floors_open(&evidence->floors, directory);
    if (r != 0)
        reason_set(ret_reason, "runner/floors: %s", strerror(-r));
    return r == 0;
}

bool evidence_open(struct evidence *evidence, int runner_directory, struct reason *ret_reason)
{
    *evidence = (struct evidence){.authority_file.fd = -1, .node_file.fd = -1, .floors.log.fd = -1};
    directory_init(&evidence->directory);
    directory_init(&evidence->others);
    int r = pin_load(runner_directory, &evidence->pin);
    if (r == -ENOENT)
        reason_set(ret_reason, "runner/pin is missing, so no node lives here: katydid init makes a fleet, "
                               "katydid join enters one");
    else if (r != 0)
        reason_set(ret_reason, "runner/pin: %s", r == -EBADMSG ? "damaged" : strerror(-r));
    evidence->self = node_id_of(&evidence->pin.node_key);
    if (r == 0 && open_logs(evidence, runner_directory, ret_reason)) {
        // A revocation may have come before a crash kept its consequences from the floors.
        r = floors_recheck(&evidence->floors, &evidence->authority);
        if (r == 0)
            return true;
        reason_set(ret_reason, "runner/floors: %s", strerror(-r));
    }
    evidence_close(evidence);
    return false;
}

void evidence_close(struct evidence *evidence)
{
    applog_close(&evidence->authority_file);
    applog_close(&evidence->node_file);
    authority_log_deinit(&evidence->authority);
    directory_deinit(&evidence->directory);
    directory_deinit(&evidence->others);
    shown_deinit(&evidence->shown);
    events_deinit(&evidence->events);
    floors_close(&evidence->floors);
    definition_cache_deinit(&evidence->definitions);
    orders_deinit(&evidence->orders);
}

uint64_t evidence_lost_bytes(const struct evidence *evidence)
{
    const struct applog *logs[] = {&evidence->authority_file, &evidence->node_file, &evidence->floors.log};
    uint64_t lost = 0;
    for (size_t i = 0; i < COUNT_OF(logs); i++)
        lost += logs[i]->torn_bytes + logs[i]->damaged_bytes;
    return lost;
}

bool evidence_is_unsynced(const struct evidence *evidence)
{
    return evidence->authority_file.unsynced || evidence->node_file.unsynced || evidence->floors.log.unsynced;
}

int evidence_sync(struct evidence *evidence)
{
    int authority = applog_sync(&evidence->authority_file);
    int node = applog_sync(&evidence->node_file);
    int floors = floors_sync(&evidence->floors);
    return authority ? authority : node ? node : floors;
}

const struct directory_node *evidence_node(const struct evidence *evidence, const struct node_id *id)
{
    const struct directory_node *node = directory_find(&evidence->directory, id);
    return node ? node : directory_find(&evidence->others, id);
}

const struct directory_node *evidence_self(const struct evidence *evidence)
{
    return directory_find(&evidence->directory, &evidence->self);
}
