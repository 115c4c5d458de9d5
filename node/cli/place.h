// place.h - where things are on this machine: the agent's directory, the person's keys.
#ifndef NODE_CLI_PLACE_H
#define NODE_CLI_PLACE_H

#include "node/cli/command_line.h"
#include "proto/ids.h"

// --dir, else $KATYDID_DIR, else /var/lib/katydid for root, else ~/.local/share/katydid. free() it.
char *place_dir(const struct command_line *line);
// --keys, else $KATYDID_KEYS, else ~/.config/katydid/<first 16 hexadecimal digits of the fleet id>. free()
// it.
char *place_keys(const struct command_line *line, const struct fleet_id *fleet);
// The login somebody types under: of the process's user. "" when the system does not know it.
const char *place_login(void);

#endif
