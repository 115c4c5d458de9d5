#include "node/io/ports.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "node/io/notice.h"

static const char name[] = "ports";

void ports_load(int directory, struct listen_wish *wish)
{
    char text[LIMIT_ADDRESS_COUNT_MAX * ADDRESS_TEXT_ROOM + 1], *rest = text, *line;
    int file = openat(directory, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    wish->before_count = 0;
    if (file < 0)
        return;
    ssize_t size = read(file, text, sizeof text - 1);
    close(file);
    text[size > 0 ? size : 0] = 0;
    while ((line = strsep(&rest, "\n")) && *line && wish->before_count < LIMIT_ADDRESS_COUNT_MAX) {
        if (!address_parse(line, 0, &wish->before[wish->before_count]))
            return;
        wish->before_count++;
    }
}

static bool leaves_a_port_open(const struct listen_wish *wish)
{
    for (size_t i = 0; i < wish->listen_count; i++)
        if (wish->listen[i].port == 0)
            return true;
    return false;
}

void ports_save(int directory, const struct listen_wish *wish, const struct listen_result *result)
{
    struct buffer text = {0};
    if (!leaves_a_port_open(wish))
        return;
    for (size_t i = 0; i < result->bound_count; i++) {
        char line[ADDRESS_TEXT_ROOM];
        address_print(&result->bound[i], line);
        buffer_add(&text, line, strlen(line));
        buffer_add_u8(&text, '\n');
    }
    int file = openat(directory, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    bool is_written = file >= 0 && write(file, text.data, text.size) == (ssize_t)text.size;
    if (file >= 0)
        close(file);
    if (!is_written)
        notice_say(EFFECT_WARNING, "DIR/net/ports cannot be written: the next process may have another port");
    buffer_deinit(&text);
}
