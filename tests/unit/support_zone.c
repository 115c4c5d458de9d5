#include "tests/unit/support_zone.h"

#include <stdio.h>

bool support_zone_read(const char *name, struct buffer *out)
{
    char path[256];
    uint8_t chunk[4096];
    (void)snprintf(path, sizeof path, "/usr/share/zoneinfo/%s", name);
    FILE *file = fopen(path, "rb");
    if (!file)
        return false;
    size_t size;
    while ((size = fread(chunk, 1, sizeof chunk, file)) > 0)
        buffer_add(out, chunk, size);
    bool is_whole = !ferror(file);
    fclose(file);
    return is_whole;
}

struct zone *support_zone(const char *name)
{
    struct buffer bytes = {0};
    struct zone *zone = NULL;
    if (!support_zone_read(name, &bytes) || zone_decode(buffer_view(&bytes), &zone) != 0)
        zone = NULL;
    buffer_deinit(&bytes);
    return zone;
}
