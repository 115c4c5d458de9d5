#include "tests/sim/sim_rule.h"

#include "tests/sim/sim.h"

const char *sim_rule_text(enum sim_rule rule)
{
    static const char *const texts[] = {
        [SIM_RULE_SIGNED] = "what is to start was signed by an operator",
        [SIM_RULE_FORGED] = "what was not signed by an operator is refused",
        [SIM_RULE_ALLOWED] = "nothing starts that is known to be paused, deleted or changed",
        [SIM_RULE_EARLY] = "nothing starts before its due time",
        [SIM_RULE_DUE] = "what starts is a due time of the schedule, by the oracle",
        [SIM_RULE_DENIED] = "the runner has nothing to deny",
        [SIM_RULE_TAKEN] = "who starts as owner took the job in this life of its process, since its last gap",
        [SIM_RULE_GIVEN_UP] = "who promised a job to somebody starts nothing of it as owner",
        [SIM_RULE_PROMISED] = "whoever answered a take keeps its promise, also after a power cut",
        [SIM_RULE_RUNNING] = "no due time starts twice on one node while its run lives",
        [SIM_RULE_ATTEMPT] = "no node starts one attempt twice",
        [SIM_RULE_DOUBLED] = "nothing starts twice while all nodes hear each other",
        [SIM_RULE_TABLES] = "all tables are equal in the end",
        [SIM_RULE_OWNERS] = "all nodes name the same owner and keepers in the end",
        [SIM_RULE_ONE_OWNER] = "each job has one owner in the end",
        [SIM_RULE_MEMBERS] = "all nodes that are there see each other in the end, and nobody else",
        [SIM_RULE_SUSPECTED] = "nobody counts as dead while all nodes are up and hear each other",
        [SIM_RULE_OUTCOME] = "each due time has an outcome in the end",
        [SIM_RULE_INVENTED] = "nobody tells of due times that are none",
        [SIM_RULE_TRUE] = "what is told of a run is what the run did",
        [SIM_RULE_SAME] = "all nodes tell the same outcomes",
        [SIM_RULE_RISES] = "an outcome that was told in full never falls",
        [SIM_RULE_KEPT] = "every record of the ledger is on as many disks as it should be in the end",
    };
    return texts[rule];
}

bool sim_rule(struct sim *sim, enum sim_rule rule, bool holds)
{
    sim->rules[rule]++;
    return holds;
}
