// `status`, `members`, `owner`: the fleet as one agent sees it.
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "node/cli/client.h"
#include "node/cli/commands.h"
#include "node/cli/document.h"
#include "node/cli/grid.h"
#include "node/cli/job_view.h"
#include "node/cli/print.h"

static const char *confined_text(enum member_confined confined)
{
    static const char *const WORDS[] = {
        [MEMBER_CONFINED_NO] = "no", [MEMBER_CONFINED_PARTLY] = "partly", [MEMBER_CONFINED_FULL] = "full"};
    return WORDS[confined];
}

// ---- status ----

static uint64_t size_of_files(int directory, const char *part)
{
    struct dirent *entry;
    struct stat status;
    uint64_t size_bytes = 0;
    int folder = openat(directory, part, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *list = folder < 0 ? NULL : fdopendir(folder);
    while (list && (entry = readdir(list))) {
        if (!fstatat(dirfd(list), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) && S_ISREG(status.st_mode))
            size_bytes += (uint64_t)status.st_blocks * 512;
    }
    if (list)
        closedir(list);
    return size_bytes;
}

// What the node's directory takes of the disk; 0 where it may not be looked into.
static uint64_t stored_bytes(const char *path)
{
    int directory = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (directory < 0)
        return 0;
    uint64_t size_bytes = size_of_files(directory, "net") + size_of_files(directory, "runner");
    close(directory);
    return size_bytes;
}

static void print_status_screen(const struct control_status *status, uint64_t size_bytes)
{
    static const char *const STORAGE[] = {[CONTROL_STORAGE_OK] = "ok",
                                          [CONTROL_STORAGE_FULL] = "disk full",
                                          [CONTROL_STORAGE_FAILED] = "disk failed"};
    char fleet[2 * HASH_SIZE + 1], up[PRINT_ROOM], stored[PRINT_ROOM];
    hex_encode(status->fleet.hash.b, HASH_SIZE, fleet);
    print_duration((int64_t)status->up_ms / 1000 * 1000, up);
    print_size(size_bytes, stored);
    print_line("fleet     %s (%.16s), authority entry %llu", status->fleet_name, fleet,
               (unsigned long long)status->authority_number);
    print_line("node      %s, katydid %s, up %s, %s%s", status->node_name, status->version, up,
               status->takes_work ? "takes work" : "takes no work", status->drained ? " (drained)" : "");
    for (size_t i = 0; i < status->listen_count; i++)
        print_line("%s  %s", i ? "        " : "reached ", status->listen[i]);
    print_line("members   %u alive, %u suspect, %u dead%s", status->members_alive, status->members_suspect,
               status->members_dead, status->isolated ? "; isolated: no other node answers this one" : "");
    print_line("jobs      %u, %u paused, %u owned here; %u running, %u queued here", status->jobs,
               status->jobs_paused, status->jobs_owned, status->running, status->queued);
    print_line("clock     %s%s",
               status->clock_trusted ? "trusted" : "not trusted, so no calendar job is owned here: ",
               status->clock_reason);
    print_line("storage   %s%s%s", STORAGE[status->storage], size_bytes ? ", " : "",
               size_bytes ? stored : "");
    print_line("confined  %s", confined_text(status->confined));
    enum terminal_colour colour = terminal_has_colour(stdout) ? TERMINAL_RED : TERMINAL_PLAIN;
    for (size_t i = 0; i < status->problem_count; i++) {
        printf("%sproblem%s   ", terminal_start(colour), terminal_reset(colour));
        print_line("%s", status->problems[i]);
    }
}

static json_t *counts_document(const struct control_status *status)
{
    return json_pack("{s:i, s:i, s:i}", "alive", (int)status->members_alive, "suspect",
                     (int)status->members_suspect, "dead", (int)status->members_dead);
}

static void print_status_document(const struct control_status *status, uint64_t size_bytes)
{
    static const char *const STORAGE[] = {"ok", "full", "failed"};
    json_t *object = json_object();
    json_object_set_new(object, "node", document_text(status->node_name));
    json_object_set_new(object, "id", document_hex(&status->node, sizeof status->node));
    json_object_set_new(object, "fleet", document_hex(&status->fleet, sizeof status->fleet));
    json_object_set_new(object, "fleet_name", document_text(status->fleet_name));
    json_object_set_new(object, "version", document_text(status->version));
    json_object_set_new(object, "listen", document_texts(status->listen, status->listen_count));
    json_object_set_new(object, "members", counts_document(status));
    json_object_set_new(object, "jobs", json_integer(status->jobs));
    json_object_set_new(object, "paused", json_integer(status->jobs_paused));
    json_object_set_new(object, "owned", json_integer(status->jobs_owned));
    json_object_set_new(object, "running", json_integer(status->running));
    json_object_set_new(object, "queued", json_integer(status->queued));
    json_object_set_new(object, "takes_work", json_boolean(status->takes_work));
    json_object_set_new(object, "drained", json_boolean(status->drained));
    json_object_set_new(object, "isolated", json_boolean(status->isolated));
    json_object_set_new(object, "clock_trusted", json_boolean(status->clock_trusted));
    json_object_set_new(object, "time", document_time(status->wall_ms));
    json_object_set_new(object, "confined", json_string(confined_text(status->confined)));
    json_object_set_new(object, "storage", json_string(STORAGE[status->storage]));
    json_object_set_new(object, "stored_bytes", document_number(size_bytes));
    json_object_set_new(object, "generation", document_number(status->generation));
    json_object_set_new(object, "up_ms", document_number(status->up_ms));
    json_object_set_new(object, "authority_number", document_number(status->authority_number));
    json_object_set_new(object, "authority_head",
                        document_hex(&status->authority_head, sizeof status->authority_head));
    json_object_set_new(object, "table_digest",
                        document_hex(&status->table_digest, sizeof status->table_digest));
    json_object_set_new(object, "records", json_integer(status->records));
    json_object_set_new(object, "repair_bytes", document_number(status->repair_bytes));
    json_object_set_new(object, "rejected", document_number(status->rejected));
    json_object_set_new(object, "problems", document_texts(status->problems, status->problem_count));
    document_print(object);
}

int commands_status(const struct command_line *line)
{
    struct client client = {.socket = -1};
    struct control_reply reply;
    bool is_found = false;
    int status = client_open(line, &client);
    if (status == COMMAND_DONE)
        status = client_ask(&client, &(struct control_request){.kind = CONTROL_STATUS, .job = "", .run = ""},
                            &reply, &is_found);
    if (is_found && reply.kind == CONTROL_REPLY_STATUS && command_line_has(line, "json"))
        print_status_document(&reply.is.status, stored_bytes(client.directory));
    else if (is_found && reply.kind == CONTROL_REPLY_STATUS)
        print_status_screen(&reply.is.status, stored_bytes(client.directory));
    client_close(&client);
    return status;
}

// ---- members ----

static const char *state_text(enum control_state state)
{
    static const char *const WORDS[] = {[CONTROL_ALIVE] = "alive",
                                        [CONTROL_SUSPECT] = "suspect",
                                        [CONTROL_DEAD] = "dead",
                                        [CONTROL_LEFT] = "left"};
    return WORDS[state];
}

static void describe_trouble(const struct control_member *member, char out[PRINT_ROOM + 16])
{
    char silent[PRINT_ROOM];
    print_duration((int64_t)(member->silent_ms / 1000 * 1000), silent);
    if (member->state == CONTROL_SUSPECT || member->state == CONTROL_DEAD)
        snprintf(out, PRINT_ROOM + 16, "silent for %s", silent);
    else if (member->isolated)
        snprintf(out, PRINT_ROOM + 16, "isolated");
    else if (member->state == CONTROL_ALIVE && !member->takes_work)
        snprintf(out, PRINT_ROOM + 16, "takes no work");
    else if (member->state == CONTROL_ALIVE && !member->clock_trusted)
        snprintf(out, PRINT_ROOM + 16, "clock not trusted");
    else
        out[0] = '\0';
}

static void add_member(struct grid *grid, const struct control_member *member)
{
    static const enum terminal_colour COLOURS[] = {[CONTROL_ALIVE] = TERMINAL_GREEN,
                                                   [CONTROL_SUSPECT] = TERMINAL_YELLOW,
                                                   [CONTROL_DEAD] = TERMINAL_RED,
                                                   [CONTROL_LEFT] = TERMINAL_DIM};
    char labels[512] = "", offset[PRINT_ROOM] = "-", trouble[PRINT_ROOM + 16];
    for (size_t i = 0; i < member->labels.count; i++) {
        size_t used = strlen(labels);
        snprintf(labels + used, sizeof labels - used, "%s%s=%s", i ? "," : "", member->labels.items[i].key,
                 member->labels.items[i].value);
    }
    if (member->clock_known)
        print_duration(member->clock_offset_ms, offset);
    grid_add_format(grid, "%s%s", member->name, member->self ? " *" : "");
    grid_add_colour(grid, state_text(member->state), COLOURS[member->state]);
    grid_add(grid, member->address[0] ? member->address : "-");
    grid_add(grid, labels[0] ? labels : "-");
    grid_add(grid, offset);
    grid_add(grid, confined_text(member->confined));
    grid_add(grid, member->version[0] ? member->version : "-");
    describe_trouble(member, trouble);
    grid_add(grid, trouble);
}

static json_t *member_document(const struct control_member *member)
{
    json_t *object = json_object(), *labels = json_object();
    for (size_t i = 0; i < member->labels.count; i++)
        json_object_set_new(labels, member->labels.items[i].key,
                            document_text(member->labels.items[i].value));
    json_object_set_new(object, "id", document_hex(&member->node, sizeof member->node));
    json_object_set_new(object, "name", document_text(member->name));
    json_object_set_new(object, "state", json_string(state_text(member->state)));
    json_object_set_new(object, "address", document_text_or_null(member->address));
    json_object_set_new(object, "labels", labels);
    json_object_set_new(object, "self", json_boolean(member->self));
    json_object_set_new(object, "clock_offset_ms",
                        member->clock_known ? json_integer(member->clock_offset_ms) : json_null());
    json_object_set_new(object, "clock_trusted", json_boolean(member->clock_trusted));
    json_object_set_new(object, "takes_work", json_boolean(member->takes_work));
    json_object_set_new(object, "isolated", json_boolean(member->isolated));
    json_object_set_new(object, "confined", json_string(confined_text(member->confined)));
    json_object_set_new(object, "version", document_text(member->version));
    json_object_set_new(object, "generation", document_number(member->generation));
    json_object_set_new(object, "silent_ms", document_number(member->silent_ms));
    return object;
}

static int take_members(struct client *client, struct grid *grid, json_t *items)
{
    struct control_reply reply;
    client_send(client, &(struct control_request){.kind = CONTROL_MEMBERS, .job = "", .run = ""});
    while (client_next(client, &reply)) {
        if (reply.kind != CONTROL_REPLY_MEMBER)
            continue;
        add_member(grid, &reply.is.member);
        json_array_append_new(items, member_document(&reply.is.member));
    }
    return client_end(client);
}

int commands_members(const struct command_line *line)
{
    static const char *const HEADINGS[] = {"NAME",  "STATE",    "ADDRESS", "LABELS",
                                           "CLOCK", "CONFINED", "VERSION", ""};
    struct client client = {.socket = -1};
    struct grid grid;
    json_t *items = json_array();
    grid_init(&grid, HEADINGS, COUNT_OF(HEADINGS));
    int status = client_open(line, &client);
    if (status == COMMAND_DONE)
        status = take_members(&client, &grid, items);
    if (status == COMMAND_DONE && command_line_has(line, "json"))
        document_print(json_pack("{s:O}", "items", items));
    else if (status == COMMAND_DONE)
        grid_print(&grid, stdout);
    json_decref(items);
    grid_deinit(&grid);
    client_close(&client);
    return status;
}

// ---- owner ----

static void print_owner(const struct control_owner *owner)
{
    char keepers[512] = "";
    for (size_t i = 0; i < owner->keeper_count; i++) {
        size_t used = strlen(keepers);
        snprintf(keepers + used, sizeof keepers - used, "%s%s", i ? ", " : "", owner->keepers[i]);
    }
    print_line("%s is owned by %s; its records are kept by %s", job_view_short(owner->job),
               owner->owner[0] ? owner->owner : "nobody", keepers[0] ? keepers : "nobody");
}

int commands_owner(const struct command_line *line)
{
    struct client client = {.socket = -1};
    struct control_reply reply;
    bool is_found = false;
    char name[NAME_JOB_ROOM];
    const char *without[CONTROL_NAME_COUNT_MAX];
    struct control_request request = {.kind = CONTROL_OWNER, .job = name, .run = "", .names = without};
    int status = job_view_name(command_line_argument(line, 0), name);
    while (request.name_count < COUNT_OF(without) &&
           (without[request.name_count] = command_line_find_nth(line, "without", request.name_count)))
        request.name_count++;
    if (status == COMMAND_DONE)
        status = client_open(line, &client);
    if (status == COMMAND_DONE)
        status = client_ask(&client, &request, &reply, &is_found);
    if (status == COMMAND_DONE && is_found && command_line_has(line, "json"))
        document_print(json_pack("{s:o, s:o, s:o}", "job", document_text(job_view_short(reply.is.owner.job)),
                                 "owner", document_text_or_null(reply.is.owner.owner), "keepers",
                                 document_texts(reply.is.owner.keepers, reply.is.owner.keeper_count)));
    else if (status == COMMAND_DONE && is_found)
        print_owner(&reply.is.owner);
    client_close(&client);
    return status;
}
