// answer_node.c - `status`, `members`, and the records of trust a command line verifies things with.
#include "node/core/state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ANSWER_PROBLEM_COUNT_MAX = 8 };

struct problems {
    char text[ANSWER_PROBLEM_COUNT_MAX][256];
    const char *list[ANSWER_PROBLEM_COUNT_MAX];
    size_t count;
};

static void add_problem(struct problems *problems, const char *text)
{
    if (problems->count == ANSWER_PROBLEM_COUNT_MAX)
        return;
    snprintf(problems->text[problems->count], sizeof problems->text[0], "%s", text);
    problems->list[problems->count] = problems->text[problems->count];
    problems->count++;
}

// Nodes that compute due times with other rules of summer time than this one.
static void compare_zone_data(const struct core *core, struct problems *problems)
{
    const struct members *members = gossip_members(core->fleet.gossip);
    char text[256];
    for (size_t i = 0; core->zones.version[0] && i < members->count; i++) {
        const struct members_node *node = members->nodes[i];
        if (members_is_self(members, node) || !members_is_live(node) || !node->zone_data[0] ||
            strcmp(node->zone_data, core->zones.version) == 0)
            continue;
        snprintf(text, sizeof text, "time zone data differs from that of node %.63s: %s here, %s there",
                 core_node_name(core, &node->id), core->zones.version, node->zone_data);
        add_problem(problems, text);
    }
}

static int compare_name(const void *left, const void *right)
{
    const struct directory_node *const *a = left, *const *b = right;
    return strcmp((*a)->name, (*b)->name);
}

// A name means one node to whoever places a job on it; two that are here share this one.
static void compare_names(const struct core *core, struct problems *problems)
{
    const struct directory_node **nodes = NULL;
    size_t count = 0, capacity = 0;
    char text[256], one[2 * NODE_ID_SIZE + 1], other[2 * NODE_ID_SIZE + 1];
    for (const struct directory_node *node = NULL; (node = directory_next(&core->directory, node));) {
        if (!fleet_is_counted(core, &node->id))
            continue;
        void *array = nodes;
        base_grow(&array, &capacity, count + 1, sizeof(const struct directory_node *));
        nodes = array;
        nodes[count++] = node;
    }
    if (count)
        qsort(nodes, count, sizeof(const struct directory_node *), compare_name);
    for (size_t i = 1; i < count; i++) {
        if (strcmp(nodes[i - 1]->name, nodes[i]->name) != 0)
            continue;
        hex_encode(nodes[i - 1]->id.b, NODE_ID_SIZE, one);
        hex_encode(nodes[i]->id.b, NODE_ID_SIZE, other);
        snprintf(
            text, sizeof text,
            "two nodes are called %.63s (%.8s, %.8s): a job for that name may run on both; let one leave and "
            "join under another name",
            nodes[i]->name, one, other);
        add_problem(problems, text);
    }
    free(nodes);
}

static void find_copies(const struct core *core, struct problems *problems)
{
    const struct members *members = gossip_members(core->fleet.gossip);
    char text[256];
    for (size_t i = 0; i < members->count; i++) {
        if (members->nodes[i]->alarm == MEMBERS_NO_ALARM)
            continue;
        snprintf(text, sizeof text,
                 "node %.63s %s: it owns nothing; stop what is wrong, let it leave and join again",
                 core_node_name(core, &members->nodes[i]->id),
                 members->nodes[i]->alarm == MEMBERS_CLONED ? "lives twice, its directory was copied"
                                                            : "lives on an old copy of its directory");
        add_problem(problems, text);
    }
}

static void find_problems(const struct core *core, struct problems *problems)
{
    char text[256];
    if (core->storage == EVENT_STORAGE_FULL)
        add_problem(problems,
                    "the disk is full: no new definitions are taken; free some space below the node's "
                    "directory");
    if (core->storage == EVENT_STORAGE_FAILED)
        add_problem(problems,
                    "the disk does not keep what is written to it: nothing is claimed here; replace it");
    if (!clock_is_trusted(core)) {
        snprintf(text, sizeof text, "the clock is not trusted: %.120s; set it, or `katydid clock trust`",
                 core->clock.reason);
        add_problem(problems, text);
    }
    compare_zone_data(core, problems);
    compare_names(core, problems);
    find_copies(core, problems);
    if (core->authority.has_fork)
        add_problem(problems,
                    "the root key signed two different entries with one number: find out who has it");
    if (core->self.confined == MEMBER_CONFINED_NO) {
        snprintf(text, sizeof text, "the network process is not confined: %.200s", core->self.confined_text);
        add_problem(problems, text);
    }
    for (size_t i = 0; i < core->jobs.count; i++) {
        const struct job *job = core->jobs.items[i];
        const char *problem = jobs_complaint(core, job);
        if (!problem)
            continue;
        snprintf(text, sizeof text, "job %.127s: %.110s", job->name, problem);
        name_trim(text);
        add_problem(problems, text);
    }
}

static void count_jobs(const struct core *core, struct control_status *status)
{
    for (size_t i = 0; i < core->jobs.count; i++) {
        const struct job *job = core->jobs.items[i];
        status->jobs += job->row != NULL;
        status->jobs_paused += job->is_paused;
        status->jobs_owned += job->role == JOBS_OWNER;
        for (size_t k = 0; k < job->pending_count; k++)
            status->queued += job->pending[k].cause == FRAME_QUEUED;
    }
    for (size_t i = 0; i < core->runs.count; i++)
        status->running += core->runs.items[i]->state == RUN_RUNNING;
}

void answer_status(struct core *core, uint64_t client)
{
    struct problems problems = {0};
    char listen_text[LIMIT_ADDRESS_COUNT_MAX][ADDRESS_TEXT_ROOM];
    const char *listen[LIMIT_ADDRESS_COUNT_MAX];
    for (size_t i = 0; i < core->self.address_count; i++) {
        address_print(&core->self.addresses[i], listen_text[i]);
        listen[i] = listen_text[i];
    }
    find_problems(core, &problems);
    struct authority_log_head head = authority_log_get_head(&core->authority);
    struct control_reply reply = {.kind = CONTROL_REPLY_STATUS};
    reply.is.status = (struct control_status){
        .node = core->self.id,
        .node_name = core_node_name(core, &core->self.id),
        .fleet = core->self.fleet,
        .fleet_name = core->authority.genesis.name,
        .version = core->self.version,
        .stamp = core->stamps.last,
        .wall_ms = core->clock.shown_ms,
        .authority_number = head.number,
        .authority_head = head.id.hash,
        .takes_work = core_takes_work(core),
        .drained = core->self.drained,
        .isolated = fleet_is_isolated(core),
        .clock_trusted = clock_is_trusted(core),
        .clock_reason = core->clock.reason,
        .clock_error_ms = clock_error_ms(core),
        .clock_peers = (uint32_t)core->clock.peer_count,
        .clock_offset_ms = -core->clock.offset_ms,
        .confined = core->self.confined,
        .storage = (enum control_storage)core->storage,
        .generation = core->self.generation,
        .up_ms = core->now_ms - core->self.booted_ms,
        .listen = listen,
        .listen_count = core->self.address_count,
        .problems = problems.list,
        .problem_count = problems.count,
        .table_digest = table_digest(&core->table),
        .rejected = core->rejected,
        .repair_bytes = core->sync.repair_bytes,
        .records = (uint32_t)core->table.records.count,
    };
    core_count_members(core, &reply.is.status);
    count_jobs(core, &reply.is.status);
    answer_reply(core, client, &reply);
    answer_last(core, client, problems.count ? 1 : 0, "%s", "");
}

void answer_members(struct core *core, uint64_t client)
{
    for (const struct directory_node *node = NULL; (node = directory_next(&core->directory, node));) {
        char address[ADDRESS_TEXT_ROOM];
        struct control_reply reply = {.kind = CONTROL_REPLY_MEMBER};
        core_member(core, node, &reply.is.member, address);
        answer_reply(core, client, &reply);
    }
    answer_last(core, client, 0, "%s", "");
}

// Answered when it is durable: whoever vouched need not do so again after a power cut.
void answer_clock_trust(struct core *core, uint64_t client, const struct control_request *request)
{
    struct answer *answer = answer_new(core, client, request);
    answer->stage = ANSWER_STORING;
    answer->ticket = clock_vouch(core, !request->undo);
}

void answer_clock_trusted(struct core *core, struct answer *answer)
{
    const char *name = core_node_name(core, &core->self.id);
    if (!clock_is_trusted(core))
        answer_last(core, answer->client, 1, "the clock of %s is still not trusted: %s", name,
                    core->clock.reason);
    else if (core->clock.vouched_ms)
        answer_last(
            core, answer->client, 0,
            "the clock of %s is trusted as it is; from now on only the clocks of others speak against it",
            name);
    else
        answer_last(core, answer->client, 0, "the clock of %s is judged by all that is known of it again",
                    name);
    answer_end(core, answer);
}

static void reply_record(struct core *core, uint64_t client, struct bytes envelope)
{
    struct control_reply reply = {.kind = CONTROL_REPLY_RECORD, .is.record = envelope};
    answer_reply(core, client, &reply);
}

void answer_authority(struct core *core, uint64_t client, const struct control_request *request)
{
    if (request->from_number == 0)
        reply_record(core, client, buffer_view(&core->authority.genesis_envelope));
    for (size_t i = authority_log_index_of(&core->authority, request->from_number);
         i < core->authority.entry_count; i++)
        reply_record(core, client, buffer_view(&core->authority.entries[i]->envelope));
    struct record_queue proof = {0};
    struct record_id id;
    for (const struct directory_node *node = NULL; (node = directory_next(&core->directory, node));)
        directory_prove(&core->directory, &node->id, &proof);
    while (record_queue_take(&proof, &id))
        reply_record(core, client, directory_record_bytes(directory_find_record(&core->directory, &id)));
    record_queue_deinit(&proof);
    answer_last(core, client, 0, "%s", "");
}
