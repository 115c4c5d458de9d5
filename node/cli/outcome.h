// outcome.h - an outcome as people see it.
#ifndef NODE_CLI_OUTCOME_H
#define NODE_CLI_OUTCOME_H

#include "node/cli/terminal.h"
#include "proto/ledger.h"

enum terminal_colour outcome_colour(enum ledger_status status);

#endif
