// `why`: what became of one due time, and the story of how.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/cli/commands.h"
#include "node/cli/document.h"
#include "node/cli/grid.h"
#include "node/cli/job_time.h"
#include "node/cli/job_view.h"
#include "node/cli/local_time.h"
#include "node/cli/outcome.h"
#include "node/cli/print.h"
#include "node/cli/session.h"
#include "node/cli/why_upstream.h"
#include "node/core/trigger/due.h"
#include "node/io/clock.h"

struct telling {
    struct zone_file zone;               // times are read and shown in it
    char note[JOB_TIME_NOTE_ROOM];       // what was made of the time typed; "": nothing to say
    const struct definition *definition; // NULL: the job is not known
    bool is_json;
    bool is_asked; // for a time
    bool has_why;
    struct control_why why; // texts owned by `texts`
    struct why_upstream upstream;
    struct arena texts;
    struct grid grid;
    json_t *story;
    int64_t now_ms;
    int64_t last_at_ms;
};

static const char *keep_text(struct telling *telling, const char *text)
{
    telling->texts.ceiling = SIZE_MAX;
    return arena_text(&telling->texts, bytes_of_text(text));
}

static void take_why(struct telling *telling, const struct control_why *why)
{
    telling->has_why = true;
    telling->why = *why;
    telling->why.job = keep_text(telling, why->job);
    telling->why.reason = keep_text(telling, why->reason);
    telling->why.owner = keep_text(telling, why->owner);
    telling->why.node = keep_text(telling, why->node);
    telling->why.trigger_text = keep_text(telling, why->trigger_text);
}

static void take_story(struct telling *telling, const struct control_story *story)
{
    char clock[LOCAL_TIME_ROOM], date[LOCAL_TIME_ROOM], when[2 * LOCAL_TIME_ROOM];
    if (telling->is_json) {
        json_array_append_new(telling->story,
                              json_pack("{s:o, s:o, s:o}", "at", document_time(story->at_ms), "node",
                                        document_text(story->node), "what", document_text(story->what)));
        return;
    }
    local_time_of_day(telling->zone.zone, story->at_ms, clock);
    local_time_long(telling->zone.zone, story->at_ms, date);
    bool is_other_day =
        telling->last_at_ms && !local_time_same_day(telling->zone.zone, story->at_ms, telling->last_at_ms);
    snprintf(when, sizeof when, "%.*s%s", is_other_day ? 15 : 0, date, clock);
    telling->last_at_ms = story->at_ms;
    grid_add(&telling->grid, when);
    grid_add(&telling->grid, story->node);
    grid_add(&telling->grid, story->what);
}

static bool has_calendar(const struct definition *definition)
{
    for (size_t i = 0; definition && i < definition->trigger_count; i++)
        if (due_has_calendar(&definition->triggers[i]))
            return true;
    return !definition;
}

static void print_times_around(const struct telling *telling, const char *asked)
{
    char before[LOCAL_TIME_ROOM], after[LOCAL_TIME_ROOM];
    const struct control_why *why = &telling->why;
    snprintf(before, sizeof before, "never");
    snprintf(after, sizeof after, "never");
    if (why->before_ms)
        local_time_short(telling->zone.zone, why->before_ms, telling->now_ms, before);
    if (why->after_ms)
        local_time_short(telling->zone.zone, why->after_ms, telling->now_ms, after);
    print_line("%s was not due %s (%s); before that: %s, after that: %s", job_view_short(why->job), asked,
               telling->zone.name, before, after);
}

static void print_not_due(const struct telling *telling)
{
    const char *job = job_view_short(telling->why.job);
    char asked[LOCAL_TIME_ROOM], upstream[256];
    struct buffer waits = {0};
    local_time_short(telling->zone.zone, telling->why.due_ms, telling->now_ms, asked);
    if (telling->upstream.is_found) {
        why_upstream_text(&telling->upstream, &telling->zone, upstream, sizeof upstream);
        print_line("%s did not run: %s; %s runs after it ends %s", job, upstream, job,
                   why_upstream_wanted(&telling->upstream));
    } else if (has_calendar(telling->definition)) {
        print_times_around(telling, asked);
    } else {
        job_view_when(telling->definition, &telling->zone, telling->now_ms, &waits);
        print_line("%s was not due %s (%s); it has no times of its own: %s", job, asked, telling->zone.name,
                   (const char *)waits.data);
    }
    buffer_deinit(&waits);
}

// What came after the due time that is told.
static void print_since(const struct telling *telling)
{
    char upstream[256];
    if (!telling->upstream.is_found)
        return;
    why_upstream_text(&telling->upstream, &telling->zone, upstream, sizeof upstream);
    print_line("since then: %s; %s runs after it ends %s", upstream, job_view_short(telling->why.job),
               why_upstream_wanted(&telling->upstream));
}

static void print_head(const struct telling *telling)
{
    const struct control_why *why = &telling->why;
    char due[LOCAL_TIME_ROOM];
    local_time_long(telling->zone.zone, why->due_ms, due);
    enum terminal_colour colour = terminal_has_colour(stdout) ? outcome_colour(why->status) : TERMINAL_PLAIN;
    printf("%s%s%s", terminal_start(colour), ledger_status_text(why->status), terminal_reset(colour));
    print_line("%s%s%s%s  (%s, due %s%s%s%s%s)", why->reason[0] ? ": " : "", why->reason,
               why->node[0] ? ", on " : "", why->node, job_view_short(why->job), due,
               telling->zone.owned ? ", " : "", telling->zone.owned ? telling->zone.name : "",
               why->trigger_text[0] ? " by " : "", why->trigger_text);
}

static void print_document(struct telling *telling, const struct control_reply *end)
{
    const struct control_why *why = &telling->why;
    json_t *object = json_object();
    char upstream[256];
    if (telling->upstream.is_found)
        why_upstream_text(&telling->upstream, &telling->zone, upstream, sizeof upstream);
    json_object_set_new(object, "job", document_text(job_view_short(why->job)));
    json_object_set_new(object, "due", document_time(why->due_ms));
    json_object_set_new(object, "zone", document_text(telling->zone.name));
    json_object_set_new(object, "note", document_text_or_null(telling->note));
    json_object_set_new(object, "is_due", json_boolean(why->is_due));
    json_object_set_new(object, "before", document_time(why->before_ms));
    json_object_set_new(object, "after", document_time(why->after_ms));
    json_object_set_new(object, "outcome", why->is_due ? document_outcome(why->status) : json_null());
    json_object_set_new(
        object, "reason",
        document_text_or_null(telling->upstream.is_found && !why->is_due ? upstream : why->reason));
    json_object_set_new(object, "upstream", why_upstream_document(&telling->upstream));
    json_object_set_new(object, "owner", document_text_or_null(why->owner));
    json_object_set_new(object, "node", document_text_or_null(why->node));
    json_object_set_new(object, "run", why->has_run ? document_hex(&why->run, sizeof why->run) : json_null());
    json_object_set_new(object, "trigger",
                        why->is_due ? document_trigger(why->trigger, why->trigger_text) : json_null());
    json_object_set_new(object, "story", json_incref(telling->story));
    json_object_set_new(object, "complete", json_boolean(end->complete));
    json_object_set_new(object, "unreachable", document_texts(end->unreachable, end->unreachable_count));
    document_print(object);
}

static int tell(struct client *client, const struct control_request *request, struct telling *telling)
{
    char heading[ZONE_FILE_NAME_ROOM + 16];
    const char *const headings[] = {heading, "NODE", "WHAT"};
    struct control_reply reply;
    snprintf(heading, sizeof heading, "TIME (%s)", zone_file_city(&telling->zone));
    grid_init(&telling->grid, headings, COUNT_OF(headings));
    client_send(client, request);
    while (client_next(client, &reply)) {
        if (reply.kind == CONTROL_REPLY_WHY)
            take_why(telling, &reply.is.why);
        else if (reply.kind == CONTROL_REPLY_STORY)
            take_story(telling, &reply.is.story);
    }
    if (!telling->has_why)
        return client_end(client);
    if (telling->why.is_due &&
        (telling->is_asked || why_upstream_came_ms(&telling->upstream) <= telling->why.due_ms))
        telling->upstream.is_found = false;
    if (telling->note[0] && !telling->is_json)
        print_line("%s", telling->note);
    if (telling->is_json)
        print_document(telling, &client->end);
    else if (telling->why.is_due)
        print_head(telling);
    else
        print_not_due(telling);
    if (!telling->is_json && !telling->why.is_due && strcmp(telling->why.reason, "it was not due then") != 0)
        print_line("%s", telling->why.reason);
    if (!telling->is_json && telling->why.is_due)
        print_since(telling);
    if (!telling->is_json && grid_row_count(&telling->grid))
        grid_print(&telling->grid, stdout);
    return client_end(client);
}

static int read_time(const struct command_line *line, struct telling *telling, int64_t *ret_ms)
{
    const char *text = command_line_argument(line, 1);
    struct typed_time_context context = {telling->zone.zone, telling->now_ms, TYPED_TIME_PAST};
    struct typed_time time;
    struct trigger_error error;
    *ret_ms = 0;
    if (!text)
        return COMMAND_DONE;
    if (!typed_time_parse(text, &context, &time, &error))
        return print_usage("`%.80s`: %s", text, error.text);
    telling->is_asked = true;
    job_time_note(telling->definition, &telling->zone, &time, telling->note);
    *ret_ms = time.ms;
    return COMMAND_DONE;
}

static int ask(const struct command_line *line, const char *job, struct telling *telling)
{
    struct session session;
    struct job_view view = {0};
    struct control_request request = {.kind = CONTROL_WHY, .job = job, .run = ""};
    int status = session_open(line, &session);
    if (status == COMMAND_DONE)
        status = job_view_open_or_none(&session.client, &session.trust, job, &view);
    telling->definition = view.row ? &view.signed_.definition : NULL;
    if (status == COMMAND_DONE)
        status = job_time_open_zone(line, telling->definition, &telling->zone);
    if (status == COMMAND_DONE)
        status = read_time(line, telling, &request.at_ms);
    if (status == COMMAND_DONE && telling->definition)
        why_upstream_find(&session.client, telling->definition,
                          request.at_ms ? request.at_ms : telling->now_ms, &telling->upstream);
    if (status == COMMAND_DONE)
        status = tell(&session.client, &request, telling);
    job_view_close(&view);
    session_close(&session);
    return status;
}

int commands_why(const struct command_line *line)
{
    struct telling telling = {
        .is_json = command_line_has(line, "json"), .story = json_array(), .now_ms = clock_wall_ms()};
    char name[NAME_JOB_ROOM];
    int status = job_view_name(command_line_argument(line, 0), name);
    if (status == COMMAND_DONE)
        status = ask(line, name, &telling);
    json_decref(telling.story);
    grid_deinit(&telling.grid);
    arena_deinit(&telling.texts);
    zone_file_close(&telling.zone);
    return status;
}
