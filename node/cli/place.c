#include "node/cli/place.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *home(void)
{
    const char *home = getenv("HOME");
    if (home && *home)
        return home;
    const struct passwd *user = getpwuid(geteuid());
    return user && user->pw_dir ? user->pw_dir : "/";
}

static const char *find_chosen(const struct command_line *line, const char *option, const char *variable)
{
    const char *chosen = command_line_find(line, option);
    if (!chosen)
        chosen = getenv(variable);
    return chosen && *chosen ? chosen : NULL;
}

static char *join(const char *start, const char *rest)
{
    char *path = NULL;
    if (asprintf(&path, "%s%s", start, rest) < 0)
        abort();
    return path;
}

char *place_dir(const struct command_line *line)
{
    const char *chosen = find_chosen(line, "dir", "KATYDID_DIR");
    if (chosen)
        return join(chosen, "");
    return geteuid() == 0 ? join("/var/lib/katydid", "") : join(home(), "/.local/share/katydid");
}

char *place_keys(const struct command_line *line, const struct fleet_id *fleet)
{
    const char *chosen = find_chosen(line, "keys", "KATYDID_KEYS");
    char rest[sizeof "/.config/katydid/" + 16] = "/.config/katydid/";
    if (chosen)
        return join(chosen, "");
    hex_encode(fleet->hash.b, 8, rest + strlen(rest));
    return join(home(), rest);
}

const char *place_login(void)
{
    const struct passwd *user = getpwuid(geteuid());
    return user ? user->pw_name : "";
}
