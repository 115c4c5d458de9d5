#include "node/cli/command.h"

#include <stdio.h>
#include <string.h>

int command_main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "version") == 0) {
        printf("katydid %s\n", KATYDID_VERSION);
        return 0;
    }
    fprintf(stderr, "usage: katydid version\n");
    return 2;
}
