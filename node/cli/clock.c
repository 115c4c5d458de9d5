// `clock`: how right this node's clock is; `clock trust`: a person vouches for it.
#include <stdio.h>
#include <string.h>

#include "node/cli/client.h"
#include "node/cli/commands.h"
#include "node/cli/document.h"
#include "node/cli/local_time.h"
#include "node/cli/print.h"
#include "node/cli/zone_file.h"

static json_t *clock_document(const struct control_status *status)
{
    bool is_known = status->clock_error_ms && status->clock_error_ms < UINT32_MAX;
    return json_pack("{s:o, s:o, s:b, s:s, s:o, s:I, s:I}", "node", document_text(status->node_name), "time",
                     document_time(status->wall_ms), "trusted", status->clock_trusted, "reason",
                     status->clock_reason, "error_ms",
                     is_known ? json_integer(status->clock_error_ms) : json_null(), "offset_ms",
                     (json_int_t)status->clock_offset_ms, "peers", (json_int_t)status->clock_peers);
}

// The agent rounds up to steps of which the last has no end.
static void print_error(uint32_t error_ms)
{
    char error[PRINT_ROOM];
    print_duration(error_ms, error);
    if (!error_ms)
        print_line(
            "error     not known: nothing keeps this clock right, and there is none to compare it with");
    else if (error_ms == UINT32_MAX)
        print_line("error     more than a minute");
    else
        print_line("error     at most %s", error);
}

// The middle of all clocks counts this one too.
static void print_others(uint32_t count, int64_t offset_ms)
{
    char offset[PRINT_ROOM];
    const char *plural = count == 1 ? "" : "s";
    print_duration(offset_ms < 0 ? -offset_ms : offset_ms, offset);
    if (!count)
        print_line("others    none could be compared");
    else if (!offset_ms)
        print_line("others    %u other node%s; this clock is the one in the middle", count, plural);
    else
        print_line("others    %u other node%s; this clock is %s %s the one in the middle", count, plural,
                   offset, offset_ms < 0 ? "behind" : "ahead of");
}

static void print_clock(const struct command_line *line, const struct control_status *status)
{
    struct zone_file zone;
    char time[LOCAL_TIME_ROOM];
    if (command_line_has(line, "json")) {
        document_print(clock_document(status));
        return;
    }
    zone_file_open_local(&zone);
    local_time_long(zone.zone, status->wall_ms, time);
    zone_file_close(&zone);
    print_line("node      %s", status->node_name);
    print_line("clock     %s", time);
    print_line("trusted   %s%s%s", status->clock_trusted ? "yes" : "no", status->clock_reason[0] ? ": " : "",
               status->clock_reason);
    print_error(status->clock_error_ms);
    print_others(status->clock_peers, status->clock_offset_ms);
}

static int show(const struct command_line *line, struct client *client)
{
    struct control_reply reply;
    bool is_found = false;
    int status = client_ask(client, &(struct control_request){.kind = CONTROL_STATUS, .job = "", .run = ""},
                            &reply, &is_found);
    if (is_found && reply.kind == CONTROL_REPLY_STATUS)
        print_clock(line, &reply.is.status);
    return is_found ? COMMAND_DONE : status; // problems of other kinds are the business of `status`
}

static int trust(const struct command_line *line, struct client *client)
{
    struct control_request request = {.kind = CONTROL_CLOCK_TRUST, .job = "", .run = ""};
    struct control_reply reply;
    char node[NAME_ROOM] = "";
    bool is_found = false;
    const struct control_request who = {.kind = CONTROL_STATUS, .job = "", .run = ""};
    (void)client_ask(client, &who, &reply, &is_found);
    if (is_found && reply.kind == CONTROL_REPLY_STATUS)
        snprintf(node, sizeof node, "%s", reply.is.status.node_name);
    request.undo = command_line_has(line, "undo");
    client_send(client, &request);
    while (client_next(client, &reply))
        ;
    if (client->end.exit_status != COMMAND_DONE)
        return client_end(client);
    if (command_line_has(line, "json"))
        document_print(json_pack("{s:o, s:b, s:s}", "node", document_text(node), "vouched", !request.undo,
                                 "text", client->end.text));
    else
        print_line("%s", client->end.text);
    return COMMAND_DONE;
}

int commands_clock(const struct command_line *line)
{
    struct client client = {.socket = -1};
    const char *action = command_line_argument(line, 0);
    if (action && strcmp(action, "trust") != 0)
        return print_usage("clock %s: write `katydid clock` or `katydid clock trust`", action);
    if (!action && command_line_has(line, "undo"))
        return print_usage("--undo goes with `clock trust`");
    int status = client_open(line, &client);
    if (status == COMMAND_DONE)
        status = action ? trust(line, &client) : show(line, &client);
    client_close(&client);
    return status;
}
