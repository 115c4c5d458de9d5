// `import`: a job file on stdout from the crontabs of a machine, and on stderr what was not carried over.
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "node/cli/commands.h"
#include "node/cli/crontab_import.h"
#include "node/cli/job_set.h"
#include "node/cli/node_options.h"
#include "node/cli/person.h"
#include "node/cli/print.h"
#include "node/cli/run_parts.h"
#include "node/cli/terminal.h"
#include "node/cli/zone_file.h"
#include "proto/name.h"

#define SPOOL  "/var/spool/cron/crontabs"
#define SYSTEM "/etc/crontab"
#define DROPS  "/etc/cron.d"

enum { PATH_ROOM = 4096 };

static int take_file(struct crontab_import *import, struct crontab_import_source *source, const char *path)
{
    struct buffer text = {0};
    int status = job_set_read_text(path, &text);
    if (status == COMMAND_DONE) {
        source->path = path;
        crontab_import_text(import, source, buffer_view(&text));
    }
    buffer_deinit(&text);
    return status;
}

// The word for how often the programs of /etc/cron.daily and its like run; NULL: no such folder.
static const char *part_expression(const char *directory)
{
    static const char *const WORDS[] = {"hourly", "daily", "weekly", "monthly", "yearly"};
    static const char *const EXPRESSIONS[] = {"@hourly", "@daily", "@weekly", "@monthly", "@yearly"};
    const char *dot = strrchr(directory, '.');
    for (size_t i = 0; dot && i < COUNT_OF(WORDS); i++)
        if (strcmp(dot + 1, WORDS[i]) == 0)
            return EXPRESSIONS[i];
    return NULL;
}

static int compare_names(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static int is_listed(const struct dirent *entry)
{
    return strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
           strcmp(entry->d_name, ".placeholder") != 0;
}

// One entry of a folder of crontabs, or with `expression` of a folder of programs.
static int take_entry(struct crontab_import *import, struct crontab_import_source *source, const char *path,
                      const char *expression)
{
    const char *name = strrchr(path, '/') + 1;
    struct stat status;
    if (!run_parts_is_name(name)) {
        crontab_import_leave(import, path, "cron ignores files with such names");
        return COMMAND_DONE;
    }
    if (stat(path, &status) != 0 || !S_ISREG(status.st_mode)) {
        crontab_import_leave(import, path, "it is no file");
        return COMMAND_DONE;
    }
    if (expression && access(path, X_OK) != 0) {
        crontab_import_leave(import, path, "it may not be executed, so run-parts does not run it");
        return COMMAND_DONE;
    }
    source->name_hint = expression ? NULL : name;
    if (!expression)
        return take_file(import, source, path);
    source->path = path;
    crontab_import_part(import, source, path, expression);
    return COMMAND_DONE;
}

static int take_folder(struct crontab_import *import, struct crontab_import_source *source,
                       const char *folder, bool is_parts)
{
    struct dirent **entries;
    int count = scandir(folder, &entries, is_listed, compare_names), status = COMMAND_DONE;
    if (count < 0)
        return print_failure("%s: %s", folder, strerror(errno));
    for (int i = 0; i < count; i++) {
        char path[PATH_ROOM];
        snprintf(path, sizeof path, "%s/%s", folder, entries[i]->d_name);
        if (status == COMMAND_DONE)
            status = take_entry(import, source, path, is_parts ? part_expression(folder) : NULL);
        free(entries[i]);
    }
    free(entries);
    return status;
}

// ---- which crontabs ----

static int take_system(struct crontab_import *import, struct crontab_import_source *source)
{
    int status = COMMAND_DONE;
    if (access(SYSTEM, F_OK) == 0)
        status = take_file(import, source, SYSTEM);
    if (status == COMMAND_DONE && access(DROPS, F_OK) == 0)
        status = take_folder(import, source, DROPS, false);
    return status;
}

static int take_person(struct crontab_import *import, struct crontab_import_source *source, const char *user)
{
    char path[PATH_ROOM];
    if (!name_is_valid(bytes_of_text(user)))
        return print_usage("--user %s: that is no name of a user", user);
    snprintf(path, sizeof path, SPOOL "/%s", user);
    if (access(path, F_OK) != 0)
        return print_failure("%s has no crontab here (%s: %s)", user, path, strerror(errno));
    source->user = user;
    return take_file(import, source, path);
}

// Files below /etc name the user on each line; others belong to somebody.
static bool names_users(const struct command_line *line, const char *path)
{
    return command_line_has(line, "user-field") || strncmp(path, "/etc/cron", 9) == 0;
}

static int take_path(const struct command_line *line, struct crontab_import *import,
                     struct crontab_import_source *source, const char *path)
{
    struct stat status;
    if (stat(path, &status) != 0)
        return print_failure("%s: %s", path, strerror(errno));
    bool is_folder = S_ISDIR(status.st_mode);
    const char *user = command_line_find(line, "user");
    if (is_folder && part_expression(path))
        source->user = user ? user : "root"; // as cron runs these folders
    else if (!names_users(line, path) && !(is_folder && !user))
        source->user = user ? user : person_user();
    else if (user)
        return print_usage("--user goes with a crontab that names no users; the lines of this one do");
    if (!source->user && !is_folder && !names_users(line, path))
        return print_usage(
            "as root, say whose crontab this is: --user NAME, or --user-field if its lines name "
            "the user");
    return is_folder ? take_folder(import, source, path, part_expression(path) != NULL)
                     : take_file(import, source, path);
}

static int take_sources(const struct command_line *line, struct crontab_import *import,
                        struct crontab_import_source *source)
{
    const char *path = command_line_argument(line, 1), *user = command_line_find(line, "user");
    bool is_system = command_line_has(line, "system");
    if (path && is_system)
        return print_usage("a file and --system together; choose one");
    if (is_system && user)
        return print_usage("--user and --system together; choose one");
    if (is_system)
        return take_system(import, source);
    if (path)
        return take_path(line, import, source, path);
    if (user)
        return take_person(import, source, user);
    return print_usage("which crontab? write a FILE, --user NAME or --system");
}

// ---- what came of it ----

static void print_result(const struct command_line *line, const struct crontab_import *import)
{
    if (command_line_has(line, "diff")) {
        struct buffer map = {0};
        terminal_escape(buffer_view(&import->map), TERMINAL_MANY_LINES, &map);
        fwrite(map.size ? map.data : (const uint8_t *)"", 1, map.size, stdout);
        putchar('\n');
        buffer_deinit(&map);
        return;
    }
    printf("katydid: 1\njobs:%s\n", import->job_count ? "" : " {}");
    fwrite(import->yaml.size ? import->yaml.data : (const uint8_t *)"", 1, import->yaml.size, stdout);
}

// Says what was left, so that it is seen even when the file goes straight into `apply -`.
static void print_left(const struct crontab_import *import)
{
    print_notice("%zu lines: %zu jobs, %zu settings, %zu not carried over%s", import->line_count,
                 import->job_count, import->setting_count, import->left_count,
                 import->left_count ? "; --diff shows each with its reason" : "");
}

int commands_import(const struct command_line *line)
{
    struct crontab_import import = {0};
    struct zone_file zone;
    char node[NAME_ROOM];
    bool is_anywhere = command_line_has(line, "anywhere"), is_here = !command_line_has(line, "node");
    if (strcmp(command_line_argument(line, 0), "crontab") != 0)
        return print_usage("import knows crontabs only: `katydid import crontab FILE`");
    if (is_anywhere && !is_here)
        return print_usage("--node and --anywhere together; choose one");
    node_options_host_name(node);
    int status = node_options_name(line, "node", node);
    zone_file_open_local(&zone);
    struct crontab_import_source source = {
        .node = is_anywhere ? NULL : node, .zone = zone.name, .checks_users = is_here && !is_anywhere};
    if (status == COMMAND_DONE)
        status = take_sources(line, &import, &source);
    if (status == COMMAND_DONE) {
        print_result(line, &import);
        print_left(&import);
        status = import.left_count ? COMMAND_PARTIAL : COMMAND_DONE;
    }
    zone_file_close(&zone);
    crontab_import_deinit(&import);
    return status;
}
