#include "node/cli/crontab_import.h"

#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/cli/job_yaml.h"
#include "node/cli/run_parts.h"
#include "node/cli/zone_file.h"
#include "node/core/trigger/shorthand.h"
#include "proto/name.h"

enum {
    LINE_SHOWN_MAX = 500, // of a line, in bytes
};

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

// As much of a line as is worth showing.
static const char *shorten(struct crontab_import *import, const char *text)
{
    size_t size = strlen(text);
    if (size <= LINE_SHOWN_MAX)
        return text;
    char *shown = arena_take(&import->arena, LINE_SHOWN_MAX + 64, 1);
    int kept = trigger_error_quoted(text, size, LINE_SHOWN_MAX);
    snprintf(shown, LINE_SHOWN_MAX + 64, "%.*s... (%zu bytes)", kept, text, size);
    return shown;
}

// ---- what is said ----

static void map_line(struct crontab_import *import, const struct crontab_import_source *source,
                     const struct crontab_item *item, const char *became)
{
    if (item->line)
        add_format(&import->map, "%s:%zu: ", source->path, item->line);
    add(&import->map, shorten(import, item->text));
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
    add_comment(&import->yaml, shorten(import, item->text));
    add(&import->yaml, "\n");
    import->left_count++;
}

// A folder whose programs run one after another stays one job: so what is put there later runs as well.
static void tell_parts(struct crontab_import *import, const struct crontab_import_source *source,
                       const char *folder)
{
    char programs[512] = "";
    if (source->checks_users) // else it is not this machine's folder that counts
        run_parts_list(folder, programs, sizeof programs);
    add_format(&import->yaml,
               "  # one job for every program of %s%s%s; `katydid import crontab %s` makes a job of each\n",
               folder, programs[0] ? ", now " : "", programs, folder);
    add_format(&import->map,
               "       for every program of %s%s%s; `katydid import crontab %s` makes a job of each\n",
               folder, programs[0] ? ", now " : "", programs, folder);
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

static bool set_environment(struct crontab_import *import, const struct crontab_item *item,
                            struct definition *definition)
{
    struct definition_pair *pairs = arena_take(&import->arena, LIMIT_ENVIRONMENT_COUNT_MAX, sizeof *pairs);
    size_t count = 0;
    for (const struct crontab_setting *setting = item->settings; setting; setting = setting->before) {
        bool is_newest = crontab_setting(item, setting->name) == setting->value;
        if (!is_newest || is_for_cron(setting->name))
            continue;
        if (count == LIMIT_ENVIRONMENT_COUNT_MAX)
            return false;
        pairs[count++] = (struct definition_pair){setting->name, setting->value};
    }
    definition->environment = pairs;
    definition->environment_count = count;
    return true;
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
    char became[NAME_ROOM + 16], folder[RUN_PARTS_PATH_ROOM];
    if (!set_user(import, source, item, &definition) || !set_zone(import, source, item, &definition))
        return;
    (void)set_trigger(import, source, item, &definition);
    set_command(import, item, &definition);
    if (!set_environment(import, item, &definition)) {
        leave(import, source, item, "more variables are set for it than a job may have");
        return;
    }
    if (source->node)
        snprintf(definition.node, sizeof definition.node, "%s", source->node);
    snprintf(definition.name, sizeof definition.name, "x");
    if (!fits(&definition)) {
        leave(import, source, item, "it does not fit a job: too long, or its shell is missing");
        return;
    }
    bool has_folder = item->line && run_parts_folder(item->command, folder);
    give_name(import, source->name_hint, has_folder ? folder : item->command, definition.name);
    snprintf(became, sizeof became, "job %s", definition.name);
    map_line(import, source, item, became);
    if (has_folder)
        tell_parts(import, source, folder);
    job_yaml_print(&definition, definition.name, &import->yaml);
    import->job_count++;
}

// ---- whole sources ----

static bool is_one_of(const char *name, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}

// Has the setting an effect on the jobs below it? If not, why.
static bool judge_setting(const struct crontab_setting *setting, char ret_why[CRONTAB_REASON_ROOM])
{
    static const char *const MAIL[] = {"MAILTO", "MAILFROM", "CONTENT_TYPE", "CONTENT_TRANSFER_ENCODING"};
    static const char *const ANACRON[] = {"RANDOM_DELAY", "START_HOURS_RANGE"};
    static const char *const FIXED[] = {"LOGNAME", "USER"};
    const char *name = setting->name, *value = setting->value, *why = "";
    struct zone_file zone;
    char unknown[160];
    if (is_one_of(name, MAIL, COUNT_OF(MAIL)) && value[0])
        why = "katydid keeps output instead of mailing it (`katydid logs`); to be told of failures add a job "
              "after: {job: \"*\", outcome: not-ok}";
    else if (is_one_of(name, ANACRON, COUNT_OF(ANACRON)))
        why = "a setting of anacron; `jitter` of a job does the like";
    else if (is_one_of(name, FIXED, COUNT_OF(FIXED)))
        why = "cron itself sets it to the user of the job, and so does katydid";
    else if (strcmp(name, "KATYDID") == 0 || strncmp(name, "KATYDID_", strlen("KATYDID_")) == 0)
        why = "variables of this name are katydid's own";
    else if (strcmp(name, "HOME") == 0 && value[0] != '/')
        why = "a path from / on belongs here; the jobs below start in the home of their user";
    else if (strcmp(name, "SHELL") == 0 && !value[0])
        why = "a shell is missing; the jobs below are left as well";
    snprintf(ret_why, CRONTAB_REASON_ROOM, "%s", why);
    if (strcmp(name, "CRON_TZ") == 0 && zone_file_open(value, &zone, unknown) != 0)
        snprintf(ret_why, CRONTAB_REASON_ROOM, "%s; the jobs below are left as well", unknown);
    else if (strcmp(name, "CRON_TZ") == 0)
        zone_file_close(&zone);
    return !ret_why[0];
}

static void take_setting(struct crontab_import *import, const struct crontab_import_source *source,
                         const struct crontab_item *item)
{
    const char *name = item->settings->name;
    char why[CRONTAB_REASON_ROOM];
    if (!judge_setting(item->settings, why)) {
        leave(import, source, item, why);
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
