// `logs`: what a run wrote, as it was written, and while it is written.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "node/cli/commands.h"
#include "node/cli/document.h"
#include "node/cli/print.h"
#include "node/cli/run_ref.h"
#include "node/cli/terminal.h"

enum {
    CHARACTER_SIZE_MAX = 4,
};

// The start of a character whose rest comes with the next chunk.
struct tail {
    uint8_t bytes[CHARACTER_SIZE_MAX];
    size_t size;
};

struct shown {
    bool is_json, is_raw;
    struct tail tails[3]; // by stream
    uint64_t next_offset; // in the whole output: a jump means that the middle was left out
    bool is_line_open;
    bool has_failed;
};

// How many bytes at the end could begin a character that is cut off.
static size_t cut_size(struct bytes text)
{
    for (size_t size = 1; size < CHARACTER_SIZE_MAX && size <= text.size; size++) {
        uint8_t lead = text.data[text.size - size];
        size_t wanted = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc2 ? 2 : 0;
        if (wanted > size)
            return size;
        if ((lead & 0xc0) != 0x80)
            return 0;
    }
    return 0;
}

static void write_out(struct shown *shown, struct bytes text)
{
    if (text.size == 0)
        return;
    shown->is_line_open = text.data[text.size - 1] != '\n';
    shown->has_failed = fwrite(text.data, 1, text.size, stdout) != text.size || fflush(stdout) != 0;
}

static void print_harmless(struct shown *shown, struct bytes data, uint8_t stream)
{
    struct tail *tail = &shown->tails[stream];
    struct buffer whole = {0}, harmless = {0};
    enum terminal_colour colour =
        stream == 2 && terminal_has_colour(stdout) ? TERMINAL_YELLOW : TERMINAL_PLAIN;
    buffer_add(&whole, tail->bytes, tail->size);
    buffer_add(&whole, data.data, data.size);
    tail->size = cut_size(buffer_view(&whole));
    size_t size = whole.size - tail->size;
    if (tail->size)
        memcpy(tail->bytes, whole.data + size, tail->size);
    if (size)
        terminal_escape(bytes_of(whole.data, size), TERMINAL_MANY_LINES, &harmless);
    fputs(terminal_start(colour), stdout);
    write_out(shown, buffer_view(&harmless));
    fputs(terminal_reset(colour), stdout);
    buffer_deinit(&whole);
    buffer_deinit(&harmless);
}

// What is not the command's output but about it: "12 MiB left out".
static void print_note(struct shown *shown, struct bytes data)
{
    if (shown->is_line_open && !shown->is_raw && isatty(STDOUT_FILENO))
        write_out(shown, bytes_of_text("\n")); // both end up on one screen
    print_notice("%.*s", (int)MIN_OF(data.size, (size_t)LIMIT_TEXT_SIZE_MAX), (const char *)data.data);
}

static void print_gap(struct shown *shown, uint64_t size_bytes)
{
    char size[PRINT_ROOM], text[PRINT_ROOM + 64];
    print_size(size_bytes, size);
    snprintf(text, sizeof text, "%s of output left out here: over the output limit", size);
    print_note(shown, bytes_of_text(text));
}

static void print_chunk_document(const struct control_log *log)
{
    static const char *const STREAMS[] = {"note", "stdout", "stderr"};
    document_print_line(json_pack("{s:o, s:o, s:s, s:o, s:o}", "run",
                                  document_hex(&log->run, sizeof log->run), "offset",
                                  document_number(log->offset), "stream", STREAMS[log->stream], "at",
                                  document_time(log->at_ms), "data", document_bytes(log->data)));
}

static void print_output(struct shown *shown, const struct control_log *log)
{
    if (log->offset > shown->next_offset)
        print_gap(shown, log->offset - shown->next_offset);
    shown->next_offset = log->offset + log->data.size;
    if (shown->is_raw)
        write_out(shown, log->data);
    else
        print_harmless(shown, log->data, log->stream);
}

static void print_chunk(struct shown *shown, const struct control_log *log)
{
    if (shown->is_json)
        print_chunk_document(log);
    else if (log->stream == 0)
        print_note(shown, log->data);
    else
        print_output(shown, log);
}

static int follow(const struct command_line *line, struct client *client, const struct run_ref *ref)
{
    struct control_reply reply;
    struct shown shown = {.is_json = command_line_has(line, "json"), .is_raw = command_line_has(line, "raw")};
    struct control_request request = {
        .kind = CONTROL_LOGS, .job = ref->job, .run = ref->run, .follow = command_line_has(line, "follow")};
    client->waits_for_ever = request.follow;
    client_send(client, &request);
    bool has_output = false;
    while (client_next(client, &reply) && !shown.has_failed) {
        if (reply.kind != CONTROL_REPLY_LOG)
            continue;
        has_output = true;
        print_chunk(&shown, &reply.is.log);
    }
    if (!has_output && client->end.exit_status == COMMAND_DONE)
        print_notice("no output");
    if (shown.is_line_open && !shown.is_raw && isatty(STDOUT_FILENO))
        putchar('\n');
    return shown.has_failed ? COMMAND_FAILED : client_end(client);
}

int commands_logs(const struct command_line *line)
{
    struct client client = {.socket = -1};
    struct run_ref ref = {0};
    int status = client_open(line, &client);
    if (status == COMMAND_DONE)
        status = run_ref_resolve(&client, command_line_argument(line, 0), &ref);
    if (status == COMMAND_DONE)
        status = follow(line, &client, &ref);
    client_close(&client);
    return status;
}
