// `emit`: tells the fleet that something happened, signed by you or by this node.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "crdt/scope.h"
#include "node/cli/commands.h"
#include "node/cli/document.h"
#include "node/cli/print.h"
#include "node/cli/session.h"
#include "node/core/trigger/duration.h"
#include "node/io/clock.h"

#define EXPIRES_MS_DEFAULT (3600LL * 1000)

static int read_name(const struct command_line *line, struct event_record *event)
{
    const char *text = command_line_argument(line, 0);
    const char *namespace_name = command_line_find(line, "namespace");
    if (namespace_name && strchr(text, '/'))
        return print_usage("%s: it names its namespace already; leave out --namespace", text);
    if (!name_split_job(text, event->namespace_name, event->name))
        return print_usage("%s: a name like deploy or ops/deploy belongs there", text);
    if (namespace_name && !name_is_valid(bytes_of_text(namespace_name)))
        return print_usage("--namespace %s: letters, digits, dots, dashes and underscores", namespace_name);
    if (namespace_name)
        snprintf(event->namespace_name, sizeof event->namespace_name, "%s", namespace_name);
    return COMMAND_DONE;
}

static int read_expiry(const struct command_line *line, uint64_t *ret_ms)
{
    const char *text = command_line_find(line, "expires");
    struct trigger_error error;
    *ret_ms = EXPIRES_MS_DEFAULT;
    if (text && !duration_parse(text, ret_ms, &error))
        return print_usage("--expires %s: %s", text, error.text);
    if (*ret_ms == 0 || *ret_ms > LIMIT_EVENT_MS_MAX)
        return print_usage("--expires %s: more than nothing and at most 24h", text);
    return COMMAND_DONE;
}

// All of it, at most one byte more than an event may have.
static int read_all(int file, const char *name, struct buffer *data)
{
    uint8_t bytes[1024];
    ssize_t size = 1;
    while (size > 0 && data->size <= LIMIT_EVENT_DATA_SIZE_MAX) {
        size = read(file, bytes, sizeof bytes);
        if (size > 0)
            buffer_add(data, bytes, (size_t)size);
    }
    return size < 0 ? print_failure("%s: %s", name, strerror(errno)) : COMMAND_DONE;
}

static int read_file(const char *path, struct buffer *data)
{
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return print_failure("%s: %s", path, strerror(errno));
    int status = read_all(file, path, data);
    close(file);
    return status;
}

static int read_data(const struct command_line *line, struct buffer *data)
{
    const char *text = command_line_find(line, "data"), *path = command_line_find(line, "data-file");
    const char *dash = command_line_argument(line, 1);
    int status = COMMAND_DONE;
    if (dash && strcmp(dash, "-") != 0)
        return print_usage("%s: write - for standard input, or --data TEXT", dash);
    if ((text != NULL) + (path != NULL) + (dash != NULL) > 1)
        return print_usage("--data, --data-file and - together; choose one");
    if (text)
        buffer_add(data, text, strlen(text));
    else if (path)
        status = read_file(path, data);
    else if (dash)
        status = read_all(STDIN_FILENO, "standard input", data);
    if (status == COMMAND_DONE && data->size > LIMIT_EVENT_DATA_SIZE_MAX)
        return print_failure("an event carries at most %d bytes; put more where the job can fetch it",
                             LIMIT_EVENT_DATA_SIZE_MAX);
    return status;
}

static void print_done(const struct command_line *line, const struct event_record *event,
                       const struct record_id *id)
{
    char name[NAME_JOB_ROOM];
    name_join_job(event->namespace_name, event->name, name);
    if (command_line_has(line, "json"))
        document_print(json_pack("{s:s, s:o}", "event", name, "record", document_hex(id, sizeof *id)));
    else
        print_line("emitted %s", name);
}

// ---- signed by you ----

static int emit_signed(const struct command_line *line, struct event_record *event, uint64_t expires_ms)
{
    struct session session = {0};
    struct buffer record = {0};
    int status = session_open_signing(line, &session);
    if (status == COMMAND_DONE)
        status = sign_check(&session.signer, SCOPE_TRIGGER, event->namespace_name, NULL);
    if (status == COMMAND_DONE) {
        clock_entropy(event->random, sizeof event->random);
        event->stamp = sign_stamp(&session.signer);
        event->expires_ms = stamp_wall_ms(event->stamp) + (int64_t)expires_ms;
        struct record_id id = sign_event(&session.signer, event, &record);
        status = session_put(&session, &record);
        if (status == COMMAND_DONE)
            print_done(line, event, &id);
    }
    session_close(&session);
    return status;
}

// ---- signed by this node ----

static int emit_as_node(const struct command_line *line, const struct event_record *event,
                        uint64_t expires_ms)
{
    struct client client = {.socket = -1};
    struct control_reply reply;
    bool is_found = false;
    char name[NAME_JOB_ROOM];
    name_join_job(event->namespace_name, event->name, name);
    const struct control_request request = {.kind = CONTROL_EMIT,
                                            .job = name,
                                            .run = "",
                                            .records = &event->data,
                                            .record_count = event->data.size ? 1 : 0,
                                            .at_ms = clock_wall_ms() + (int64_t)expires_ms};
    int status = client_open(line, &client);
    if (status == COMMAND_DONE)
        status = client_ask(&client, &request, &reply, &is_found);
    if (is_found && reply.kind == CONTROL_REPLY_PUT && reply.is.put.outcome == CONTROL_PUT_REFUSED)
        status = print_failure("refused: %s", reply.is.put.text);
    else if (is_found && reply.kind == CONTROL_REPLY_PUT)
        print_done(line, event, &(struct record_id){reply.is.put.record});
    client_close(&client);
    return status;
}

int commands_emit(const struct command_line *line)
{
    struct event_record event = {0};
    struct buffer data = {0};
    uint64_t expires_ms = 0;
    int status = read_name(line, &event);
    if (status == COMMAND_DONE)
        status = read_expiry(line, &expires_ms);
    if (status == COMMAND_DONE)
        status = read_data(line, &data);
    event.data = buffer_view(&data);
    if (status == COMMAND_DONE)
        status = command_line_has(line, "as-node") ? emit_as_node(line, &event, expires_ms)
                                                   : emit_signed(line, &event, expires_ms);
    buffer_deinit(&data);
    return status;
}
