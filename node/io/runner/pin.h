// pin.h - which fleet this machine belongs to and which node it is: DIR/runner/pin.
//
// Written once by `init` or `join`, before a network process exists, and read by the runner at each
// start. The network process cannot touch it, so it cannot move this machine to another fleet.
#ifndef NODE_IO_RUNNER_PIN_H
#define NODE_IO_RUNNER_PIN_H

#include "proto/ids.h"
#include "proto/name.h"

struct pin {
    struct fleet_id fleet;
    struct public_key node_key;
    char node_name[NAME_ROOM]; // as admitted; a later node record may rename it
};

// `runner_directory` is DIR/runner. 0 or -errno; loading: -ENOENT never written, -EBADMSG damaged.
int pin_save(int runner_directory, const struct pin *pin) WARN_UNUSED;
int pin_load(int runner_directory, struct pin *ret_pin) WARN_UNUSED;

#endif
