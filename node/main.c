// main.c - the program: argv goes to the command table, which knows the rest.
#include "node/cli/command.h"

int main(int argc, char **argv)
{
    return command_main(argc, argv);
}
