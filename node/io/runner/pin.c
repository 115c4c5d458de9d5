#include "node/io/runner/pin.h"

#include <errno.h>
#include <string.h>

#include "node/io/runner/checked_file.h"

static struct checked_file pin_file(int runner_directory)
{
    return (struct checked_file){.directory = runner_directory,
                                 .name = "pin",
                                 .tag = "katydid-pin-1\n",
                                 .user = (uid_t)-1,
                                 .group = (gid_t)-1};
}

int pin_save(int runner_directory, const struct pin *pin)
{
    struct checked_file file = pin_file(runner_directory);
    struct buffer payload = {0};
    buffer_add(&payload, pin->fleet.hash.b, sizeof pin->fleet.hash.b);
    buffer_add(&payload, pin->node_key.b, sizeof pin->node_key.b);
    buffer_add(&payload, pin->node_name, strlen(pin->node_name));
    int r = checked_file_write(&file, buffer_view(&payload));
    buffer_deinit(&payload);
    return r;
}

int pin_load(int runner_directory, struct pin *ret_pin)
{
    struct checked_file file = pin_file(runner_directory);
    struct buffer payload = {0};
    struct reader reader;
    struct pin pin = {0};
    int r = checked_file_read(&file, &payload);
    reader_init(&reader, buffer_view(&payload));
    reader_copy(&reader, pin.fleet.hash.b, sizeof pin.fleet.hash.b);
    reader_copy(&reader, pin.node_key.b, sizeof pin.node_key.b);
    if (r == 0 && (reader.failed || reader.rest.size == 0 || reader.rest.size >= sizeof pin.node_name))
        r = -EBADMSG;
    if (r == 0) {
        reader_copy(&reader, pin.node_name, reader.rest.size);
        *ret_pin = pin;
    }
    buffer_deinit(&payload);
    return r;
}
