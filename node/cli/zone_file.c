#include "node/cli/zone_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proto/limits.h"

enum {
    WHY_ROOM = 160,
};

#define ZONE_DIRECTORY "/usr/share/zoneinfo"

// A relative path that cannot lead out of the zone directory.
static bool is_zone_name(const char *name)
{
    size_t size = strlen(name);
    if (size == 0 || size >= ZONE_FILE_NAME_ROOM || name[0] == '/' || strstr(name, ".."))
        return false;
    return strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/_+-.") == size;
}

static int read_all(const char *path, struct buffer *out)
{
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (file < 0)
        return -errno;
    uint8_t part[4096];
    ssize_t size;
    while ((size = read(file, part, sizeof part)) > 0 && out->size <= LIMIT_ZONE_FILE_SIZE_MAX)
        buffer_add(out, part, (size_t)size);
    int error = size < 0 ? -errno : 0;
    close(file);
    return error;
}

int zone_file_open(const char *name, struct zone_file *ret_zone, char ret_why[WHY_ROOM])
{
    char path[128];
    struct buffer bytes = {0};
    struct zone *zone = NULL;
    if (strcmp(name, "UTC") == 0) {
        *ret_zone = (struct zone_file){"UTC", zone_utc(), NULL};
        return 0;
    }
    if (!is_zone_name(name)) {
        snprintf(ret_why, WHY_ROOM, "not the name of a time zone; write one like Europe/Berlin or UTC");
        return ZONE_FILE_UNKNOWN;
    }
    snprintf(path, sizeof path, "%s/%s", ZONE_DIRECTORY, name);
    int error = read_all(path, &bytes);
    int outcome = error ? 0 : zone_decode(buffer_view(&bytes), &zone);
    buffer_deinit(&bytes);
    if (error == -ENOENT || error == -ENOTDIR || error == -EISDIR) {
        snprintf(ret_why, WHY_ROOM, "unknown time zone here; see %s or write UTC", ZONE_DIRECTORY);
        return ZONE_FILE_UNKNOWN;
    }
    if (error || outcome) {
        snprintf(ret_why, WHY_ROOM, "%s: %s", path, error ? strerror(-error) : zone_outcome_text(outcome));
        return ZONE_FILE_UNREADABLE;
    }
    snprintf(ret_zone->name, sizeof ret_zone->name, "%s", name);
    ret_zone->zone = ret_zone->owned = zone;
    return 0;
}

// /etc/localtime is a link into the zone directory; the rest of the path is the name.
static bool linked_name(char out[ZONE_FILE_NAME_ROOM])
{
    char path[256];
    ssize_t size = readlink("/etc/localtime", path, sizeof path - 1);
    if (size < 0)
        return false;
    path[size] = '\0';
    const char *start = strstr(path, "zoneinfo/");
    if (!start)
        return false;
    int length = snprintf(out, ZONE_FILE_NAME_ROOM, "%s", start + strlen("zoneinfo/"));
    return length > 0 && length < ZONE_FILE_NAME_ROOM;
}

void zone_file_open_local(struct zone_file *ret_zone)
{
    char name[ZONE_FILE_NAME_ROOM], why[WHY_ROOM];
    const char *chosen = getenv("TZ");
    if (chosen && *chosen)
        chosen += *chosen == ':';
    else
        chosen = linked_name(name) ? name : "UTC";
    if (strcmp(chosen, "Etc/UTC") == 0)
        chosen = "UTC";
    if (zone_file_open(chosen, ret_zone, why) != 0)
        *ret_zone = (struct zone_file){"UTC", zone_utc(), NULL};
}

void zone_file_close(struct zone_file *zone)
{
    zone_free(zone->owned);
    *zone = (struct zone_file){0};
}

const char *zone_file_city(const struct zone_file *zone)
{
    const char *slash = strrchr(zone->name, '/');
    return slash ? slash + 1 : zone->name;
}
