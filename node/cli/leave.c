// `drain`, `leave`: this node hands over what it owns, for a while or for good.
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "node/cli/client.h"
#include "node/cli/commands.h"
#include "node/cli/document.h"
#include "node/cli/job_view.h"
#include "node/cli/place.h"
#include "node/cli/print.h"
#include "node/io/clock.h"
#include "node/io/runner/agent_dir.h"

enum {
    ERASE_WAIT_MS = 30000, // for the agent to end
    OPEN_FOLDER_COUNT_MAX = 16,
};

// ---- drain ----

static int find_own_name(struct client *client, char ret_name[NAME_ROOM])
{
    struct control_reply reply;
    bool is_found = false;
    int status = client_ask(client, &(struct control_request){.kind = CONTROL_STATUS, .job = "", .run = ""},
                            &reply, &is_found);
    if (!is_found || reply.kind != CONTROL_REPLY_STATUS)
        return status
                   ? status
                   : print_failure("the agent does not tell its name; are agent and command of one version?");
    snprintf(ret_name, NAME_ROOM, "%.*s", NAME_ROOM - 1, reply.is.status.node_name);
    return COMMAND_DONE; // its own status may be 1: something needs a person
}

// Owners of all jobs: {"name": "node"}.
static json_t *take_owners(struct client *client)
{
    struct control_reply reply;
    json_t *owners = json_object();
    client_send(client, &(struct control_request){.kind = CONTROL_JOBS, .job = "", .run = ""});
    while (client_next(client, &reply)) {
        if (reply.kind == CONTROL_REPLY_JOB)
            json_object_set_new(owners, job_view_short(reply.is.job.job), document_text(reply.is.job.owner));
    }
    return owners;
}

// What this node owned before and somebody else owns now.
static json_t *compare_owners(json_t *before, json_t *after, const char *own_name)
{
    json_t *moved = json_array(), *owner;
    const char *job;
    json_object_foreach(before, job, owner)
    {
        const char *now = json_string_value(json_object_get(after, job));
        if (strcmp(json_string_value(owner), own_name) == 0 && now && now[0] && strcmp(now, own_name) != 0)
            json_array_append_new(moved, json_pack("{s:s, s:s}", "job", job, "to", now));
    }
    return moved;
}

static void print_moved(const struct command_line *line, const struct client *client, json_t *moved)
{
    json_t *item;
    size_t index;
    if (command_line_has(line, "json")) {
        document_print(json_pack("{s:b, s:O, s:s}", "drained", !command_line_has(line, "undo"), "moved",
                                 moved, "text", client->end.text));
        return;
    }
    json_array_foreach(moved, index, item)
    {
        print_line("%s moved to %s", json_string_value(json_object_get(item, "job")),
                   json_string_value(json_object_get(item, "to")));
    }
    print_line("%s", client->end.text);
}

static int drain(const struct command_line *line, struct client *client)
{
    char own_name[NAME_ROOM];
    struct control_reply reply;
    int status = find_own_name(client, own_name);
    if (status != COMMAND_DONE)
        return status;
    struct control_request request = {.kind = CONTROL_DRAIN, .job = "", .run = ""};
    request.undo = command_line_has(line, "undo");
    request.now = command_line_has(line, "now");
    json_t *before = take_owners(client);
    client->waits_for_ever = true; // until what runs here has ended
    client_send(client, &request);
    while (client_next(client, &reply))
        ;
    status = (int)client->end.exit_status;
    if (status != COMMAND_DONE) {
        json_decref(before);
        return client_end(client);
    }
    char *text = base_copy_text(client->end.text);
    json_t *after = take_owners(client), *moved = compare_owners(before, after, own_name);
    client->end.text = text;
    print_moved(line, client, moved);
    free(text);
    json_decref(before);
    json_decref(after);
    json_decref(moved);
    return COMMAND_DONE;
}

int commands_drain(const struct command_line *line)
{
    struct client client = {.socket = -1};
    if (command_line_has(line, "undo") && command_line_has(line, "now"))
        return print_usage("--undo and --now together; choose one");
    int status = client_open(line, &client);
    if (status == COMMAND_DONE)
        status = drain(line, &client);
    client_close(&client);
    return status;
}

// ---- leave ----

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *place)
{
    (void)status;
    (void)place;
    return kind == FTW_DP ? rmdir(path) : unlink(path);
}

// Only what an agent has made, so that a wrong --dir costs nothing else.
static int erase(const char *directory)
{
    static const char *const PARTS[] = {"net", "runner", "control", "lock"};
    for (size_t i = 0; i < COUNT_OF(PARTS); i++) {
        char *path = NULL;
        if (asprintf(&path, "%s/%s", directory, PARTS[i]) < 0)
            abort();
        bool is_failed =
            nftw(path, remove_one, OPEN_FOLDER_COUNT_MAX, FTW_DEPTH | FTW_PHYS) != 0 && errno != ENOENT;
        if (is_failed)
            print_notice("%s: %s", path, strerror(errno));
        free(path);
        if (is_failed)
            return print_failure("not everything in %s could be erased", directory);
    }
    rmdir(directory); // stays when somebody put something beside it
    return COMMAND_DONE;
}

// The lock is free once the agent has ended; only then is it noted that the node has left.
static int wait_for_end(const char *directory, bool is_erased)
{
    uint64_t start_ms = clock_now_ms();
    for (;;) {
        struct agent_dir dir;
        int outcome = agent_dir_open(&dir, directory), status = COMMAND_DONE;
        bool is_late = clock_now_ms() - start_ms > ERASE_WAIT_MS;
        if (outcome == 0 && !agent_dir_has_left(&dir))
            status = print_failure("the agent died before it noted that it left; start it and leave again");
        else if (outcome == 0)
            status = is_erased ? erase(directory) : COMMAND_DONE;
        else if (is_erased && (outcome != AGENT_DIR_LOCKED || is_late))
            status = print_failure("left, but not erased: %s", dir.why);
        agent_dir_close(&dir);
        if (outcome != AGENT_DIR_LOCKED || is_late)
            return status;
        poll(NULL, 0, 100);
    }
}

// Nobody has to be told any more, and no agent would start there.
static bool has_left(const struct command_line *line)
{
    struct agent_dir dir;
    char *directory = place_dir(line);
    bool is_left = agent_dir_open(&dir, directory) == 0 && agent_dir_has_left(&dir);
    agent_dir_close(&dir);
    free(directory);
    return is_left;
}

static int tell_fleet(const struct command_line *line, struct client *client)
{
    struct control_request request = {.kind = CONTROL_LEAVE, .job = "", .run = ""};
    struct control_reply reply;
    request.erase = command_line_has(line, "erase");
    int status = client_open(line, client);
    if (status != COMMAND_DONE)
        return status;
    char *directory = place_dir(line);
    int r = agent_dir_ask_to_leave(directory);
    if (r != 0) {
        status =
            print_failure("%s/runner: %s; run it as the user whose agent it is", directory, strerror(-r));
        free(directory);
        return status;
    }
    client_send(client, &request);
    while (client_next(client, &reply))
        ;
    if (client->end.exit_status != COMMAND_DONE) {
        agent_dir_take_back_leave(directory);
        status = client_end(client);
    }
    free(directory);
    return status;
}

int commands_leave(const struct command_line *line)
{
    struct client client = {.socket = -1};
    bool is_erased = command_line_has(line, "erase");
    bool had_left = has_left(line);
    if (had_left && !is_erased)
        return print_failure("this node left its fleet before; --erase clears its directory away");
    int status = had_left ? COMMAND_DONE : tell_fleet(line, &client);
    if (status == COMMAND_DONE) {
        char *directory = place_dir(line);
        status = wait_for_end(directory, is_erased);
        free(directory);
    }
    if (status == COMMAND_DONE && command_line_has(line, "json"))
        document_print(json_pack("{s:b, s:b}", "left", true, "erased", is_erased));
    else if (status == COMMAND_DONE)
        print_line("left the fleet; this node's agent has ended%s",
                   is_erased ? "; its directory is erased" : "");
    client_close(&client);
    return status;
}
