#include "node/cli/crontab.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "node/core/trigger/cron.h"
#include "node/core/trigger/shorthand.h"
#include "proto/name.h"

static const char BLANKS[] = " \t";

static bool refuse(struct crontab_item *item, const char *at, const char *reason)
{
    item->kind = CRONTAB_REFUSED;
    item->column = at ? (size_t)(at - item->text) + 1 : 0;
    snprintf(item->reason, sizeof item->reason, "%s", reason);
    return false;
}

// ---- settings ----

// "'a b'" and "\"a b\"" are a b: cron takes off one pair of quotes.
static const char *unquote(struct arena *arena, const char *start, const char *end)
{
    if (end - start >= 2 && (*start == '"' || *start == '\'') && end[-1] == *start) {
        start++;
        end--;
    }
    return arena_text(arena, bytes_of(start, (size_t)(end - start)));
}

static const char *trim_end(const char *start, const char *end)
{
    while (end > start && strchr(BLANKS, end[-1]))
        end--;
    return end;
}

// NAME = value. Where no name stands before an equals sign it is no setting.
static bool read_setting(struct arena *arena, struct crontab_item *item, const char *text)
{
    char quote = *text == '"' || *text == '\'' ? *text : '\0';
    const char *name = quote ? text + 1 : text, *name_end = name;
    while (*name_end && (quote ? *name_end != quote : isalnum((unsigned char)*name_end) || *name_end == '_'))
        name_end++;
    const char *behind = name_end + (quote && *name_end);
    behind += strspn(behind, BLANKS);
    if (name_end == name || *behind != '=' || isdigit((unsigned char)*name))
        return false;
    const char *value = behind + 1 + strspn(behind + 1, BLANKS);
    struct crontab_setting *setting = arena_take(arena, 1, sizeof *setting);
    setting->name = arena_text(arena, bytes_of(name, (size_t)(name_end - name)));
    setting->value = unquote(arena, value, trim_end(value, value + strlen(value)));
    setting->before = item->settings;
    item->settings = setting;
    item->kind = CRONTAB_SETTING;
    return true;
}

const char *crontab_setting(const struct crontab_item *item, const char *name)
{
    for (const struct crontab_setting *setting = item->settings; setting; setting = setting->before)
        if (strcmp(setting->name, name) == 0)
            return setting->value;
    return NULL;
}

// ---- lines that run something ----

// The next word; *text moves behind it and the blanks that follow.
static const char *take_word(struct arena *arena, const char **text)
{
    size_t size = strcspn(*text, BLANKS);
    const char *word = arena_text(arena, bytes_of(*text, size));
    *text += size;
    *text += strspn(*text, BLANKS);
    return word;
}

static bool check_expression(struct crontab_item *item, const char *start)
{
    struct trigger_error error;
    struct cron cron;
    uint64_t period_ms;
    int shorthand = shorthand_read(item->expression, &period_ms, &error);
    if (shorthand == SHORTHAND_REFUSED ||
        (shorthand == 0 && !cron_parse(item->expression, "", &cron, &error)))
        return refuse(item, start + (error.column ? error.column - 1 : 0), error.text);
    return true;
}

static bool read_expression(struct arena *arena, struct crontab_item *item, const char **text)
{
    const char *start = *text;
    if (*start == '@') {
        const char *word = take_word(arena, text), *end = start + strlen(word);
        if (strcasecmp(word, "@every") == 0) // of other crons: a duration follows
            take_word(arena, text), end = trim_end(start, *text);
        item->expression = arena_text(arena, bytes_of(start, (size_t)(end - start)));
        return check_expression(item, start);
    }
    for (int field = 0; field < 5; field++) {
        if (!**text)
            return refuse(item, *text, "the line ends before its five time fields do");
        *text += strcspn(*text, BLANKS);
        const char *end = *text;
        *text += strspn(*text, BLANKS);
        item->expression = arena_text(arena, bytes_of(start, (size_t)(end - start)));
    }
    return check_expression(item, start);
}

// Cuts the command at its percent signs.
static void read_command(struct arena *arena, struct crontab_item *item, const char *text)
{
    char *out = arena_take(arena, strlen(text) + 2, 1), *end = out, *input = NULL;
    for (const char *c = text; *c; c++) {
        if (*c == '\\' && c[1] == '%') {
            *end++ = *++c;
        } else if (*c == '%' && !input) {
            *end++ = '\0';
            input = end;
        } else {
            *end++ = *c == '%' ? '\n' : *c;
        }
    }
    if (input && end > input && end[-1] != '\n') // cron ends the last line too
        *end++ = '\n';
    item->command = out;
    item->input = input && *input ? input : NULL;
}

static bool read_job(struct arena *arena, struct crontab_item *item, const char *text, bool has_users)
{
    if (!read_expression(arena, item, &text))
        return false;
    if (has_users) {
        const char *start = text;
        item->user = take_word(arena, &text);
        if (!name_is_valid(bytes_of_text(item->user)))
            return refuse(item, start,
                          *item->user ? "no name of a user stands before the command"
                                      : "the user and the command are missing");
    }
    if (!*text)
        return refuse(item, text, "there is no command behind the time fields");
    read_command(arena, item, text);
    item->command = arena_text(
        arena,
        bytes_of(item->command,
                 (size_t)(trim_end(item->command, item->command + strlen(item->command)) - item->command)));
    item->kind = CRONTAB_JOB;
    return *item->command ? true : refuse(item, text, "the command is empty");
}

static void read_line(struct arena *arena, struct crontab_item *item, bool has_users)
{
    const char *text = item->text + strspn(item->text, BLANKS);
    if (!*text)
        item->kind = CRONTAB_BLANK;
    else if (*text == '#')
        item->kind = CRONTAB_COMMENT;
    else if (!name_is_text(bytes_of_text(item->text), SIZE_MAX))
        (void)refuse(item, NULL, "the line is no text in UTF-8");
    else if (!read_setting(arena, item, text))
        (void)read_job(arena, item, text, has_users);
}

void crontab_parse(struct bytes text, bool has_users, struct arena *arena, struct crontab *ret)
{
    const char *next = (const char *)text.data, *end = next + text.size;
    const struct crontab_setting *settings = NULL;
    size_t count = 0, most = 1;
    for (const char *c = next; c < end; c++)
        most += *c == '\n';
    struct crontab_item *items = arena_take(arena, most, sizeof *items);
    while (next < end) {
        const char *newline = memchr(next, '\n', (size_t)(end - next));
        size_t size = (size_t)((newline ? newline : end) - next);
        struct crontab_item *item = &items[count++];
        item->line = count;
        item->settings = settings;
        item->text = arena_text(arena, bytes_of(next, size - (size && next[size - 1] == '\r')));
        if (memchr(next, 0, size))
            (void)refuse(item, NULL, "the line holds a zero byte");
        else
            read_line(arena, item, has_users);
        settings = item->settings;
        next += size + 1;
    }
    *ret = (struct crontab){items, count};
}

// ---- names ----

// Words of the shell that say nothing about what runs.
static bool is_prelude(const char *word, size_t size)
{
    static const char *const WORDS[] = {"cd",   "test",  "[",    "if",     "then",   "{",
                                        "(",    "!",     "exec", "env",    "nice",   "sudo",
                                        "time", "nohup", "&&",   "ionice", "chronic"};
    for (size_t i = 0; i < COUNT_OF(WORDS); i++)
        if (strlen(WORDS[i]) == size && memcmp(WORDS[i], word, size) == 0)
            return true;
    return memchr(word, '=', size) != NULL;
}

// The first simple command that is more than a preparation: `cd / && run-parts /etc/cron.daily`: run-parts.
static const char *main_word(const char *command, size_t *ret_size)
{
    static const char CUTS[] = " \t;&|(){}\n";
    const char *word = command + strspn(command, CUTS);
    while (*word) {
        size_t size = strcspn(word, CUTS);
        if (!is_prelude(word, size)) {
            *ret_size = size;
            return word;
        }
        bool skips_arguments = (size == 2 && memcmp(word, "cd", 2) == 0) || (size == 1 && *word == '[') ||
                               (size == 4 && memcmp(word, "test", 4) == 0);
        word += size;
        if (skips_arguments)
            word += strcspn(word, ";&|\n");
        word += strspn(word, CUTS);
    }
    *ret_size = strcspn(command, " \t");
    return command;
}

void crontab_name(const char *command, char *ret_name, size_t room)
{
    size_t size, kept = 0;
    const char *word = main_word(command, &size);
    for (size_t i = size; i > 0; i--) {
        if (word[i - 1] == '/' && i < size) {
            word += i;
            size -= i;
            break;
        }
    }
    for (size_t i = 0; i < size && kept + 1 < room; i++) {
        unsigned char c = (unsigned char)word[i];
        bool is_fine = c < 0x80 && (isalnum(c) || (kept && strchr("._-", c)));
        if (is_fine)
            ret_name[kept++] = (char)c;
    }
    ret_name[kept] = '\0';
    if (!kept)
        snprintf(ret_name, room, "job");
}
