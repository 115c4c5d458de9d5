// `clock`: how right this node's clock is; `clock trust`: a person vouches for it.
#include <stdio.h>
#include <string.h>

#include "node/cli/client.h"
#include "node/cli/commands.h"
#include "node/cli/document.h"
#include "node/cli/local_time.h"
#include "node/cli/print.h"
#include "node/cli/zone_file.h"

static void print_clock(const struct command_line *line, const struct control_status *status)
{
    struct zone_file zone;
    char time[LOCAL_TIME_ROOM], error[PRINT_ROOM], offset[PRINT_ROOM];
    if (command_line_has(line, "json")) {
        document_print(json_pack("{s:o, s:b, s:s, s:o, s:I, s:I}", "time", document_time(status->wall_ms),
                                 "trusted", status->clock_trusted, "reason", status->clock_reason, "error_ms",
                                 status->clock_error_ms ? json_integer(status->clock_error_ms) : json_null(),
                                 "offset_ms", (json_int_t)status->clock_offset_ms, "peers",
                                 (json_int_t)status->clock_peers));
        return;
    }
    zone_file_open_local(&zone);
    local_time_long(zone.zone, status->wall_ms, time);
    zone_file_close(&zone);
    print_duration(status->clock_error_ms, error);
    print_duration(status->clock_offset_ms, offset);
    print_line("clock     %s", time);
    print_line("trusted   %s%s%s", status->clock_trusted ? "yes" : "no", status->clock_reason[0] ? ": " : "",
               status->clock_reason);
    print_line("error     %s%s", status->clock_error_ms ? "at most " : "nobody can tell",
               status->clock_error_ms ? error : "");
    if (status->clock_peers)
        print_line("others    %u clocks, %s from the middle of them", status->clock_peers, offset);
    else
        print_line("others    none whose clock could be compared");
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
    request.undo = command_line_has(line, "undo");
    int status = client_ask(client, &request, NULL, NULL);
    if (status == COMMAND_DONE && command_line_has(line, "json"))
        document_print(json_pack("{s:b, s:s}", "vouched", !request.undo, "text", client->end.text));
    else if (status == COMMAND_DONE)
        print_line("%s", client->end.text);
    return status;
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
