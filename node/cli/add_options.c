#include "node/cli/add_options.h"

#include <stdio.h>
#include <string.h>

#include "node/cli/print.h"
#include "node/cli/typed_time.h"
#include "node/cli/zone_file.h"
#include "node/core/trigger/duration.h"
#include "node/core/trigger/instant.h"
#include "node/io/clock.h"

// Options that hold one value each, and their keys in a job file.
static const struct {
    const char *option;
    const char *key;
} PLAIN[] = {
    {"expires", "expires"},
    {"zone", "zone"},
    {"dst-gap", "gap"},
    {"dst-overlap", "overlap"},
    {"boot", "boot"},
    {"jitter", "jitter"},
    {"not-before", "not_before"},
    {"not-after", "not_after"},
    {"count", "count"},
    {"max-clock-error", "max_clock_error"},
    {"shell", "shell"},
    {"user", "user"},
    {"directory", "directory"},
    {"stdin", "stdin"},
    {"time-limit", "time_limit"},
    {"grace", "grace"},
    {"output-limit", "output_limit"},
    {"spread", "spread"},
    {"node", "node"},
    {"busy", "busy"},
    {"on-lost", "on_lost"},
    {"note", "note"},
};

// Lists and maps: repeated options, or several under one key.
static const struct {
    const char *option;
    const char *key;
} JOINED[] = {{"cron", "cron"},         {"at", "at"},         {"where", "where"},
              {"env", "env"},           {"retry", "retry"},   {"retry-delay", "retry"},
              {"blackout", "blackout"}, {"member", "member"}, {"catch-up", "catch_up"}};

// Options that are keys of one map, under the key of the first.
struct group {
    const char *key; // of the job
    struct {
        const char *option;
        const char *key; // in the map
    } parts[4];
};
static const struct group GROUPS[] = {
    {"event",
     {{"event", "name"}, {"event-from", "from"}, {"quiet-for", "quiet_for"}, {"throttle", "throttle"}}},
    {"file",
     {{"file", "path"}, {"file-match", "match"}, {"quiet-for", "quiet_for"}, {"throttle", "throttle"}}},
    {"after", {{"after", "jobs"}, {"outcome", "outcome"}, {"wait", "wait"}, {"match", "match"}}},
    {"every", {{"every", "period"}, {"every-from", "from"}}},
};

// The zone that times are typed in. False: it cannot be had, which is said when the zone itself is read.
static bool open_zone(const struct command_line *line, struct zone_file *ret_zone)
{
    const char *name = command_line_find(line, "zone");
    char why[160];
    if (name && strcmp(name, "local") != 0)
        return zone_file_open(name, ret_zone, why) == 0;
    zone_file_open_local(ret_zone);
    return true;
}

struct time_of_option {
    const struct command_line *line;
    const char *option;
    struct arena *arena;
};

// What people say ("tomorrow 02:30", "in 1h") as the instant it means, the next one after now_ms. What is no
// time stays as it is: the schema says why.
static const char *settle(const struct time_of_option *of, const char *text, int64_t now_ms, int64_t *ret_ms)
{
    struct zone_file zone;
    struct typed_time time;
    struct trigger_error error;
    char note[TYPED_TIME_NOTE_ROOM], written[INSTANT_TEXT_SIZE];
    *ret_ms = 0;
    if (!open_zone(of->line, &zone))
        return text;
    struct typed_time_context context = {zone.zone, now_ms, TYPED_TIME_FUTURE};
    bool is_read = typed_time_parse(text, &context, &time, &error);
    if (is_read)
        typed_time_note(&time, zone.zone, note);
    zone_file_close(&zone);
    if (!is_read)
        return text;
    if (note[0])
        print_notice("--%s %s: %s", of->option, text, note);
    *ret_ms = time.ms;
    instant_print(time.ms, written);
    return arena_text(of->arena, bytes_of_text(written));
}

static const char *settle_instant(const struct command_line *line, const char *option, const char *text,
                                  struct arena *arena)
{
    int64_t ms;
    return settle(&(struct time_of_option){line, option, arena}, text, clock_wall_ms(), &ms);
}

// "tomorrow 22:00 until 06:00", "in 5m for 1h": from an instant until another. "EXPR for DUR" stays as it is.
static const char *settle_blackout(const struct command_line *line, const char *text, struct arena *arena)
{
    const struct time_of_option of = {line, "blackout", arena};
    const char *until = strstr(text, " until "), *span = strstr(text, " for ");
    const char *word = until ? until : span, *from, *to = NULL;
    int64_t now_ms = clock_wall_ms(), from_ms, to_ms;
    uint64_t length_ms;
    struct trigger_error error;
    struct buffer both = {0};
    if (!word)
        return text;
    from = arena_text(arena, bytes_of(text, (size_t)(word - text)));
    from = settle(&of, from, now_ms, &from_ms);
    if (until)
        to = settle(&of, until + strlen(" until "), now_ms, &to_ms);
    if (until && from_ms && to_ms && to_ms <= from_ms) // 22:00 until 06:00
        to = settle(&of, until + strlen(" until "), from_ms, &to_ms);
    char written[INSTANT_TEXT_SIZE];
    if (!until && from_ms && duration_parse(span + strlen(" for "), &length_ms, &error)) {
        instant_print(from_ms + (int64_t)length_ms, written);
        to = written;
    }
    if (!from_ms || !to)
        return text;
    buffer_add(&both, from, strlen(from));
    buffer_add(&both, " until ", strlen(" until "));
    buffer_add(&both, to, strlen(to));
    text = arena_text(arena, buffer_view(&both));
    buffer_deinit(&both);
    return text;
}

static void add_list(const struct command_line *line, const char *option, struct arena *arena,
                     struct job_file_node *map)
{
    struct job_file_node *list = job_file_list(arena);
    const char *text;
    for (size_t i = 0; (text = command_line_find_nth(line, option, i)); i++) {
        if (strcmp(option, "at") == 0)
            text = settle_instant(line, option, text, arena);
        if (strcmp(option, "blackout") == 0)
            text = settle_blackout(line, text, arena);
        job_file_append(arena, list, job_file_scalar(arena, text));
    }
    if (list->count)
        job_file_set(arena, map, option, list);
}

// --where K=V, --env K=V.
static int add_pairs(const struct command_line *line, const char *option, struct arena *arena,
                     struct job_file_node *map)
{
    struct job_file_node *pairs = job_file_map(arena);
    const char *text;
    for (size_t i = 0; (text = command_line_find_nth(line, option, i)); i++) {
        const char *equals = strchr(text, '=');
        if (!equals || equals == text)
            return print_usage("--%s %s: write --%s NAME=VALUE", option, text, option);
        const char *key = arena_text(arena, bytes_of(text, (size_t)(equals - text)));
        job_file_set(arena, pairs, key, job_file_scalar(arena, equals + 1));
    }
    if (pairs->count)
        job_file_set(arena, map, option, pairs);
    return COMMAND_DONE;
}

static int add_retry(const struct command_line *line, struct arena *arena, struct job_file_node *map)
{
    const char *times = command_line_find(line, "retry"), *delay = command_line_find(line, "retry-delay");
    if (!times && delay)
        return print_usage("--retry-delay goes with --retry N, which is missing");
    if (!times)
        return COMMAND_DONE;
    struct job_file_node *retry = job_file_map(arena);
    job_file_set(arena, retry, "times", job_file_scalar(arena, times));
    if (delay)
        job_file_set(arena, retry, "delay", job_file_scalar(arena, delay));
    job_file_set(arena, map, "retry", retry);
    return COMMAND_DONE;
}

static void add_group(const struct command_line *line, const struct group *group, struct arena *arena,
                      struct job_file_node *map)
{
    struct job_file_node *keys = job_file_map(arena);
    if (!command_line_has(line, group->parts[0].option))
        return;
    for (size_t i = 0; i < COUNT_OF(group->parts) && group->parts[i].option; i++) {
        struct job_file_node *list = job_file_list(arena);
        const char *text;
        for (size_t k = 0; (text = command_line_find_nth(line, group->parts[i].option, k)); k++)
            job_file_append(arena, list, job_file_scalar(arena, text));
        if (list->count)
            job_file_set(arena, keys, group->parts[i].key, list->count == 1 ? list->items[0] : list);
    }
    job_file_set(arena, map, group->key, keys);
}

// An option that only makes sense beside another one.
static int check_groups(const struct command_line *line)
{
    for (size_t i = 0; i < COUNT_OF(GROUPS); i++) {
        for (size_t k = 1; k < COUNT_OF(GROUPS[i].parts) && GROUPS[i].parts[k].option; k++) {
            const char *option = GROUPS[i].parts[k].option, *lead = GROUPS[i].parts[0].option;
            bool is_shared = strcmp(option, "quiet-for") == 0 || strcmp(option, "throttle") == 0;
            if (is_shared && (command_line_has(line, "event") || command_line_has(line, "file")))
                continue;
            if (command_line_has(line, option) && !command_line_has(line, lead))
                return print_usage("--%s goes with --%s%s, which is missing", option, lead,
                                   is_shared ? " or --file" : "");
        }
    }
    return COMMAND_DONE;
}

// --catch-up last:12h, and --catch-up-spread 10m beside it.
static void add_catch_up(const struct command_line *line, struct arena *arena, struct job_file_node *map)
{
    const char *text = command_line_find(line, "catch-up"),
               *spread = command_line_find(line, "catch-up-spread");
    if (text && !spread)
        job_file_set(arena, map, "catch_up", job_file_scalar(arena, text));
    if (!spread)
        return;
    struct job_file_node *keys = job_file_map(arena);
    size_t word = text ? strcspn(text, ":") : 0;
    if (text)
        job_file_set(arena, keys, "run", job_file_scalar(arena, arena_text(arena, bytes_of(text, word))));
    if (text && text[word])
        job_file_set(arena, keys, "within", job_file_scalar(arena, text + word + 1));
    job_file_set(arena, keys, "spread", job_file_scalar(arena, spread));
    job_file_set(arena, map, "catch_up", keys);
}

static int add_command(const struct command_line *line, struct arena *arena, struct job_file_node *map)
{
    bool has_shell = command_line_has(line, "shell");
    if (has_shell && line->has_rest)
        return print_usage("--shell and a command behind `--` together; choose one");
    if (!has_shell && !line->rest_count)
        return print_usage("no command: write it behind `--`, or a line for the shell with --shell \"...\"");
    if (has_shell)
        return COMMAND_DONE;
    struct job_file_node *run = job_file_list(arena);
    for (size_t i = 0; i < line->rest_count; i++)
        job_file_append(arena, run, job_file_scalar(arena, line->rest[i]));
    job_file_set(arena, map, "run", run);
    return COMMAND_DONE;
}

int add_options_read(const struct command_line *line, struct arena *arena, struct job_file_node *map)
{
    arena->ceiling = SIZE_MAX; // the size of argv bounds it
    for (size_t i = 0; i < COUNT_OF(PLAIN); i++) {
        bool is_flag = strcmp(PLAIN[i].option, "boot") == 0;
        const char *text =
            is_flag && command_line_has(line, "boot") ? "true" : command_line_find(line, PLAIN[i].option);
        bool is_time = strncmp(PLAIN[i].option, "not-", strlen("not-")) == 0;
        if (text && is_time)
            text = settle_instant(line, PLAIN[i].option, text, arena);
        if (text)
            job_file_set(arena, map, PLAIN[i].key, job_file_scalar(arena, text));
    }
    add_list(line, "cron", arena, map);
    add_list(line, "at", arena, map);
    add_list(line, "blackout", arena, map);
    add_list(line, "member", arena, map);
    for (size_t i = 0; i < COUNT_OF(GROUPS); i++)
        add_group(line, &GROUPS[i], arena, map);
    add_catch_up(line, arena, map);
    int status = check_groups(line);
    if (status == COMMAND_DONE)
        status = add_pairs(line, "where", arena, map);
    if (status == COMMAND_DONE)
        status = add_pairs(line, "env", arena, map);
    if (status == COMMAND_DONE)
        status = add_retry(line, arena, map);
    return status == COMMAND_DONE ? add_command(line, arena, map) : status;
}

// The option for a key of a job file; NULL: none.
static const char *option_of(const char *key, size_t size)
{
    for (size_t i = 0; i < COUNT_OF(PLAIN); i++)
        if (strlen(PLAIN[i].key) == size && strncmp(PLAIN[i].key, key, size) == 0)
            return PLAIN[i].option;
    for (size_t i = 0; i < COUNT_OF(GROUPS); i++)
        if (strlen(GROUPS[i].key) == size && strncmp(GROUPS[i].key, key, size) == 0)
            return GROUPS[i].parts[0].option;
    for (size_t i = 0; i < COUNT_OF(JOINED); i++)
        if (strlen(JOINED[i].key) == size && strncmp(JOINED[i].key, key, size) == 0)
            return JOINED[i].option;
    return NULL;
}

// What stands between backticks at the beginning is mostly what the person typed, so it stays.
void add_options_name(const char *text, char ret_text[ADD_OPTIONS_TEXT_ROOM])
{
    size_t used = 0;
    for (const char *at = text; *at && used + 1 < ADD_OPTIONS_TEXT_ROOM;) {
        size_t size = strspn(at + 1, "abcdefghijklmnopqrstuvwxyz_");
        bool has_value = at[1 + size] == ':' && at[2 + size] == ' ';
        const char *option = NULL;
        if (*at == '`' && (has_value || (at[1 + size] == '`' && at > text)))
            option = option_of(at + 1, size);
        if (!option) {
            ret_text[used++] = *at++;
            continue;
        }
        int added =
            snprintf(ret_text + used, ADD_OPTIONS_TEXT_ROOM - used, "`--%s%s", option, has_value ? " " : "");
        used = MIN_OF(used + (size_t)added, (size_t)ADD_OPTIONS_TEXT_ROOM - 1);
        at += 1 + size + (has_value ? 2 : 0);
    }
    ret_text[used] = '\0';
}

int add_options_refuse(const struct job_file_error *error)
{
    const char *option = error->key ? option_of(error->key, strlen(error->key)) : NULL;
    char text[ADD_OPTIONS_TEXT_ROOM];
    add_options_name(error->text, text);
    if (option)
        return print_usage("--%s: %s", option, text);
    return print_usage("%s", text);
}
