#include "node/cli/outcome.h"

enum terminal_colour outcome_colour(enum ledger_status status)
{
    switch (status) {
    case LEDGER_OK:
        return TERMINAL_GREEN;
    case LEDGER_OPEN:
        return TERMINAL_BLUE;
    case LEDGER_SKIPPED:
    case LEDGER_CANCELLED:
    case LEDGER_BLOCKED:
        return TERMINAL_YELLOW;
    case LEDGER_DENIED:
    case LEDGER_MISSED:
    case LEDGER_LOST:
    case LEDGER_TIMEOUT:
    case LEDGER_FAILED:
        return TERMINAL_RED;
    }
    return TERMINAL_PLAIN;
}
