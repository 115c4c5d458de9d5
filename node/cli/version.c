#include <stdio.h>

#include "node/cli/commands.h"
#include "node/cli/document.h"

int commands_version(const struct command_line *line)
{
    if (command_line_has(line, "json"))
        document_print(json_pack("{s:s}", "version", KATYDID_VERSION));
    else
        printf("katydid %s\n", KATYDID_VERSION);
    return COMMAND_DONE;
}
