#include "node/cli/crontab_import.h"

#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/cli/job_yaml.h"
#include "node/cli/zone_file.h"
#include "node/core/trigger/shorthand.h"
#include "proto/name.h"

void crontab_import_deinit(struct crontab_import *import)
{
    arena_deinit(&import->arena);
    buffer_deinit(&import->yaml);
    buffer_deinit(&import->map);
    free(import->names);
    *import = (struct crontab_import){0};
}

static void add(struct buffer *out, const char *text)
{
    buffer_add(out, text, strlen(text));
}

PRINTF_LIKE(2, 3) static void add_format(struct buffer *out, const char *format, ...)
{
    char text[2048];
    va_list values;
    va_start(values, format);
    vsnprintf(text, sizeof text, format, values);
    va_end(values);
    add(out, text);
}

// What YAML could not hold in a comment becomes a question mark.
static void add_comment(struct buffer *out, const char *text)
{
    bool is_text = name_is_text(bytes_of_text(text), SIZE_MAX);
    for (const char *c = text; *c; c++) {
        unsigned char byte = (unsigned char)*c;
        bool is_fine =
            byte >= 0x80 ? is_text && byte != 0xef : (byte >= 0x20 && byte != 0x7f) || byte == '\t';
        buffer_add_u8(out, is_fine ? byte : '?');
    }
}

// ---- what is said ----

static void map_line(struct crontab_import *import, const struct crontab_import_source *source,
                     const struct crontab_item *item, const char *became)
{
    if (item->line)
        add_format(&import->map, "%s:%zu: ", source->path, item->line);
    add(&import->map, item->text);
    add_format(&import->map, "\n    -> %s\n", became);
}

static void leave(struct crontab_import *import, const struct crontab_import_source *source,
                  const struct crontab_item *item, const char *why)
{
    char became[CRONTAB_REASON_ROOM + 64];
    if (item->column)
        snprintf(became, sizeof became, "not carried over: column %zu: %s", item->column, why);
    else
        snprintf(became, sizeof became, "not carried over: %s", why);
    map_line(import, source, item, became);
    add_format(&import->yaml, "  # line %zu, %s: ", item->line, became);
    add_comment(&import->yaml, item->text);
    add(&import->yaml, "\n");
    import->left_count++;
}

void crontab_import_leave(struct crontab_import *import, const char *what, const char *why)
{
    add_format(&import->map, "%s\n    -> not carried over: %s\n", what, why);
    import->left_count++;
    import->line_count++;
}

// ---- names ----

static bool is_given(const struct crontab_import *import, const char *name)
{
    for (size_t i = 0; i < import->name_count; i++)
        if (strcmp(import->names[i], name) == 0)
            return true;
    return false;
}

// The hint and the program, with a number where that is taken.
static void give_name(struct crontab_import *import, const char *hint, const char *command,
                      char ret_name[NAME_ROOM])
{
    char program[NAME_ROOM], base[NAME_ROOM];
    crontab_name(command, program, sizeof program - 8);
    if (hint && strcmp(hint, program) != 0)
        snprintf(base, sizeof base - 8, "%.25s-%.28s", hint, program);
    else
        snprintf(base, sizeof base - 8, "%.54s", program);
    snprintf(ret_name, NAME_ROOM, "%s", base);
    for (size_t i = 2; is_given(import, ret_name); i++)
        snprintf(ret_name, NAME_ROOM, "%.55s-%zu", base, i);
    void *names = import->names;
    base_grow(&names, &import->name_capacity, import->name_count + 1, sizeof *import->names);
    import->names = names;
    memcpy(import->names[import->name_count++], ret_name, NAME_ROOM);
}

// ---- one job ----

// Settings that cron itself uses, or that every process has anyway.
static bool is_for_cron(const char *name)
{
    static const char *const NAMES[] = {"MAILTO",       "MAILFROM",
                                        "SHELL",        "CRON_TZ",
                                        "HOME",         "LOGNAME",
                                        "USER",         "KATYDID",
                                        "CONTENT_TYPE", "CONTENT_TRANSFER_ENCODING",
                                        "RANDOM_DELAY", "START_HOURS_RANGE"};
    for (size_t i = 0; i < COUNT_OF(NAMES); i++)
        if (strcmp(NAMES[i], name) == 0)
            return true;
    return strncmp(name, "KATYDID_", 8) == 0;
}

static void set_environment(struct crontab_import *import, const struct crontab_item *item,
                            struct definition *definition)
{
    struct definition_pair *pairs = arena_take(&import->arena, LIMIT_ENVIRONMENT_COUNT_MAX, sizeof *pairs);
    size_t count = 0;
    for (const struct crontab_setting *setting = item->settings; setting; setting = setting->before) {
        bool is_newest = crontab_setting(item, setting->name) == setting->value;
        if (is_newest && !is_for_cron(setting->name) && count < LIMIT_ENVIRONMENT_COUNT_MAX)
            pairs[count++] = (struct definition_pair){setting->name, setting->value};
    }
    definition->environment = pairs;
    definition->environment_count = count;
}

static void set_command(struct crontab_import *import, const struct crontab_item *item,
                        struct definition *definition)
{
    const char *shell = crontab_setting(item, "SHELL"), *home = crontab_setting(item, "HOME");
    definition->standard_input = item->input;
    definition->directory = home && home[0] == '/' ? home : NULL;
    if (!shell || strcmp(shell, "/bin/sh") == 0) {
        definition->shell = item->command;
        return;
    }
    const char **argv = arena_take(&import->arena, 3, sizeof *argv);
    argv[0] = shell;
    argv[1] = "-c";
    argv[2] = item->command;
    definition->argv = argv;
    definition->argument_count = 3;
}

static bool set_trigger(struct crontab_import *import, const struct crontab_import_source *source,
                        const struct crontab_item *item, struct definition *definition)
{
    struct definition_trigger *trigger = arena_take(&import->arena, 1, sizeof *trigger);
    struct trigger_error error;
    int shorthand = shorthand_read(item->expression, &trigger->period_ms, &error);
    trigger->kind = shorthand == SHORTHAND_EVERY  ? DEFINITION_EVERY
                    : shorthand == SHORTHAND_BOOT ? DEFINITION_BOOT
                                                  : DEFINITION_CRON;
    trigger->expression = shorthand ? NULL : item->expression;
    definition->triggers = trigger;
    definition->trigger_count = 1;
    if (trigger->kind == DEFINITION_BOOT && !source->node)
        definition->spread = DEFINITION_SPREAD_ALL;
    return true;
}

static bool set_zone(struct crontab_import *import, const struct crontab_import_source *source,
                     const struct crontab_item *item, struct definition *definition)
{
    const char *zone = crontab_setting(item, "CRON_TZ");
    struct zone_file file;
    char why[160];
    definition->zone = zone ? zone : source->zone;
    if (!zone)
        return true;
    if (zone_file_open(zone, &file, why) == 0) {
        zone_file_close(&file);
        return true;
    }
    char reason[CRONTAB_REASON_ROOM];
    snprintf(reason, sizeof reason, "CRON_TZ=%.60s: %s", zone, why);
    leave(import, source, item, reason);
    return false;
}

static bool set_user(struct crontab_import *import, const struct crontab_import_source *source,
                     const struct crontab_item *item, struct definition *definition)
{
    const char *user = item->user ? item->user : source->user;
    if (source->checks_users && !getpwnam(user)) {
        char reason[CRONTAB_REASON_ROOM];
        snprintf(reason, sizeof reason, "there is no user %.63s on this machine", user);
        leave(import, source, item, reason);
        return false;
    }
    snprintf(definition->user, sizeof definition->user, "%s", user);
    return true;
}

// A definition that no codec would take is not written down as a job.
static bool fits(const struct definition *definition)
{
    struct buffer body = {0};
    struct arena arena = {0};
    struct definition signed_ = *definition, again;
    signed_.life = signed_.version = 1;
    definition_encode(&signed_, &body);
    bool is_fine = body.size < LIMIT_DEFINITION_SIZE_MAX - 1024 &&
                   definition_decode(buffer_view(&body), &arena, &again) == 0;
    buffer_deinit(&body);
    arena_deinit(&arena);
    return is_fine;
}

static void take_job(struct crontab_import *import, const struct crontab_import_source *source,
                     const struct crontab_item *item)
{
    struct definition definition = {
        .namespace_name = "main", .busy = DEFINITION_BUSY_ALLOW, .catch_up = DEFINITION_CATCH_UP_NONE};
    char became[NAME_ROOM + 16];
    if (!set_user(import, source, item, &definition) || !set_zone(import, source, item, &definition))
        return;
    (void)set_trigger(import, source, item, &definition);
    set_command(import, item, &definition);
    set_environment(import, item, &definition);
    if (source->node)
        snprintf(definition.node, sizeof definition.node, "%s", source->node);
    snprintf(definition.name, sizeof definition.name, "x");
    if (!fits(&definition)) {
        leave(import, source, item, "it does not fit a job: too long, or text that is not UTF-8");
        return;
    }
    give_name(import, source->name_hint, item->command, definition.name);
    job_yaml_print(&definition, definition.name, &import->yaml);
    snprintf(became, sizeof became, "job %s", definition.name);
    map_line(import, source, item, became);
    import->job_count++;
}

// ---- whole sources ----

static void take_setting(struct crontab_import *import, const struct crontab_import_source *source,
                         const struct crontab_item *item)
{
    const char *name = item->settings->name;
    if (strcmp(name, "MAILTO") == 0 && item->settings->value[0]) {
        leave(import, source, item,
              "katydid keeps output instead of mailing it (`katydid logs`); to be told of failures add a job "
              "after: {job: \"*\", outcome: not-ok}");
        return;
    }
    if (strcmp(name, "RANDOM_DELAY") == 0 || strcmp(name, "START_HOURS_RANGE") == 0) {
        leave(import, source, item, "a setting of anacron; `jitter` of a job does the like");
        return;
    }
    map_line(import, source, item, is_for_cron(name) ? "used for the jobs below" : "env of the jobs below");
    import->setting_count++;
}

void crontab_import_text(struct crontab_import *import, const struct crontab_import_source *source,
                         struct bytes text)
{
    struct crontab crontab;
    import->arena.ceiling = SIZE_MAX; // the size of the file bounds it
    crontab_parse(text, !source->user, &import->arena, &crontab);
    add_format(&import->yaml, "\n  # %s\n", source->path);
    for (size_t i = 0; i < crontab.count; i++) {
        const struct crontab_item *item = &crontab.items[i];
        import->line_count += item->kind != CRONTAB_BLANK && item->kind != CRONTAB_COMMENT;
        switch (item->kind) {
        case CRONTAB_BLANK:
            add(&import->yaml, "\n");
            break;
        case CRONTAB_COMMENT:
            add(&import->yaml, "  ");
            add_comment(&import->yaml, item->text + strspn(item->text, " \t"));
            add(&import->yaml, "\n");
            break;
        case CRONTAB_SETTING:
            take_setting(import, source, item);
            break;
        case CRONTAB_JOB:
            take_job(import, source, item);
            break;
        case CRONTAB_REFUSED:
            leave(import, source, item, item->reason);
            break;
        }
    }
}

void crontab_import_part(struct crontab_import *import, const struct crontab_import_source *source,
                         const char *program, const char *expression)
{
    import->arena.ceiling = SIZE_MAX;
    const struct crontab_item item = {
        .kind = CRONTAB_JOB, .text = program, .expression = expression, .command = program};
    import->line_count++;
    take_job(import, source, &item);
}
