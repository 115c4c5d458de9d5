#include "node/io/runner/policy.h"

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum subject {
    SUBJECT_USER,
    SUBJECT_NAMESPACE,
    SUBJECT_COMMAND,
};

struct policy_line {
    bool allows;
    enum subject subject;
    unsigned number;
    char *pattern; // owned
};

void policy_init(struct policy *policy, const char *path, bool may_be_missing)
{
    *policy = (struct policy){.path = path, .may_be_missing = may_be_missing};
}

static void clear(struct policy *policy)
{
    for (size_t i = 0; i < policy->line_count; i++)
        free(policy->lines[i].pattern);
    free(policy->lines);
    policy->lines = NULL;
    policy->line_count = 0;
    policy->problem.text[0] = '\0';
}

void policy_deinit(struct policy *policy)
{
    clear(policy);
    *policy = (struct policy){0};
}

// Cuts the next word off; NULL: none left.
static char *take_word(char **rest)
{
    char *word = *rest + strspn(*rest, " \t\r");
    size_t size = strcspn(word, " \t\r");
    if (size == 0)
        return NULL;
    *rest = word + size + (word[size] != '\0');
    word[size] = '\0';
    return word;
}

// The rest of the line, without space around it.
static char *take_rest(char *rest)
{
    rest += strspn(rest, " \t\r");
    size_t size = strlen(rest);
    while (size && strchr(" \t\r", rest[size - 1]))
        size--;
    rest[size] = '\0';
    return rest;
}

static bool read_subject(const char *word, enum subject *ret)
{
    static const char *const names[] = {"user", "namespace", "command"};
    for (size_t i = 0; word && i < COUNT_OF(names); i++)
        if (strcmp(word, names[i]) == 0) {
            *ret = (enum subject)i;
            return true;
        }
    return false;
}

// False: a line that is neither empty, a comment, nor a rule.
static bool read_line(struct policy *policy, char *text, unsigned number)
{
    struct policy_line line = {.number = number};
    char *rest = text, *verb = take_word(&rest);
    if (!verb || verb[0] == '#')
        return true;
    line.allows = strcmp(verb, "allow") == 0;
    bool known = line.allows || strcmp(verb, "deny") == 0;
    if (!known || !read_subject(take_word(&rest), &line.subject) ||
        policy->line_count >= POLICY_LINE_COUNT_MAX)
        return false;
    char *pattern = take_rest(rest);
    if (!pattern[0])
        return false;
    line.pattern = base_copy_text(pattern);
    policy->lines = base_resize(policy->lines, policy->line_count + 1, sizeof *policy->lines);
    policy->lines[policy->line_count++] = line;
    return true;
}

static void read_text(struct policy *policy, char *text)
{
    unsigned number = 1;
    for (char *line = text; line; number++) {
        char *end = strchr(line, '\n');
        if (end)
            *end = '\0';
        if (!read_line(policy, line, number)) {
            reason_set(&policy->problem, "policy: line %u of %s is not understood, so nothing starts", number,
                       policy->path);
            return;
        }
        line = end ? end + 1 : NULL;
    }
}

static bool is_private(const struct stat *status)
{
    bool owner = status->st_uid == 0 || status->st_uid == geteuid();
    return owner && S_ISREG(status->st_mode) && !(status->st_mode & (S_IWGRP | S_IWOTH));
}

static void read_file(struct policy *policy, int fd)
{
    char *text = base_alloc(POLICY_SIZE_MAX + 2, 1);
    ssize_t size = read(fd, text, POLICY_SIZE_MAX + 1);
    if (size < 0)
        reason_set(&policy->problem, "policy: %s: %s, so nothing starts", policy->path, strerror(errno));
    else if (size > POLICY_SIZE_MAX || strlen(text) != (size_t)size)
        reason_set(&policy->problem, "policy: %s is too long or no text, so nothing starts", policy->path);
    else
        read_text(policy, text);
    free(text);
}

static bool has_changed(const struct policy *policy, const struct stat *status)
{
    const struct stat *old = &policy->status;
    return !policy->is_read || old->st_ino != status->st_ino || old->st_dev != status->st_dev ||
           old->st_size != status->st_size || old->st_mtim.tv_sec != status->st_mtim.tv_sec ||
           old->st_mtim.tv_nsec != status->st_mtim.tv_nsec || old->st_mode != status->st_mode ||
           old->st_uid != status->st_uid;
}

static void refresh(struct policy *policy)
{
    struct stat status = {0};
    int fd = open(policy->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    int error = fd < 0 || fstat(fd, &status) != 0 ? errno : 0;
    bool missing = error == ENOENT && policy->may_be_missing;
    if (error || has_changed(policy, &status)) {
        clear(policy);
        if (error && !missing)
            reason_set(&policy->problem, "policy: %s: %s, so nothing starts", policy->path, strerror(error));
        else if (!error && !is_private(&status))
            reason_set(&policy->problem, "policy: others may write %s, so nothing starts", policy->path);
        else if (!error)
            read_file(policy, fd);
        policy->is_read = !error;
        policy->status = status;
    }
    if (fd >= 0)
        close(fd);
}

static char *join_command(const struct definition *definition)
{
    struct buffer text = {0};
    if (definition->shell) {
        buffer_add(&text, "/bin/sh -c ", 11);
        buffer_add(&text, definition->shell, strlen(definition->shell));
    }
    for (size_t i = 0; !definition->shell && i < definition->argument_count; i++) {
        if (i)
            buffer_add_u8(&text, ' ');
        buffer_add(&text, definition->argv[i], strlen(definition->argv[i]));
    }
    buffer_add_u8(&text, 0);
    return (char *)text.data;
}

static bool matches(const struct policy_line *line, const struct definition *definition, const char *command)
{
    const char *const values[] = {definition->user, definition->namespace_name, command};
    return fnmatch(line->pattern, values[line->subject], FNM_NOESCAPE) == 0;
}

bool policy_allows(struct policy *policy, const struct definition *definition, struct reason *ret_reason)
{
    if (!policy->path)
        return true;
    refresh(policy);
    if (policy->problem.text[0]) {
        *ret_reason = policy->problem;
        return false;
    }
    bool allowed = true;
    char *command = join_command(definition);
    for (size_t i = 0; i < policy->line_count; i++)
        if (matches(&policy->lines[i], definition, command)) {
            allowed = policy->lines[i].allows;
            if (!allowed)
                reason_set(ret_reason, "policy: denied by line %u of %s", policy->lines[i].number,
                           policy->path);
            break;
        }
    free(command);
    return allowed;
}
