#include "tests/sim/sim_copies.h"

#include "node/core/state.h"
#include "tests/sim/sim_fleet.h"

#include <sqlite3.h>

static const char items_of[] = "SELECT kind, version, trigger, target, first, last, status, life, cause"
                               " FROM item WHERE job = ?1 AND at < ?2";
// Another disk may have it as a part of a range. What has a cause has no due time of its own.
static const char same_item[] =
    "SELECT 1 FROM item WHERE job = ?1 AND kind = ?2 AND version = ?3 AND trigger = ?4"
    " AND target = ?5 AND (first <= ?6 AND last >= ?7 OR cause IS NOT NULL)"
    " AND status = ?8 AND life = ?9 AND cause IS ?10 LIMIT 1";

static sqlite3_stmt *prepare(const struct sim_node *node, const char *text, const char *job)
{
    sqlite3_stmt *statement;
    int outcome = sqlite3_prepare_v2(node->disk.database.connection, text, -1, &statement, NULL);
    assert(outcome == SQLITE_OK);
    sqlite3_bind_text(statement, 1, job, -1, SQLITE_STATIC);
    return statement;
}

static bool has_item(const struct sim_node *node, const char *job, sqlite3_stmt *item)
{
    sqlite3_stmt *statement = prepare(node, same_item, job);
    for (int i = 0; i < sqlite3_column_count(item); i++)
        sqlite3_bind_value(statement, 2 + i, sqlite3_column_value(item, i));
    bool found = sqlite3_step(statement) == SQLITE_ROW;
    sqlite3_finalize(statement);
    return found;
}

static const struct sim_node *node_of(const struct sim *sim, const struct node_id *id)
{
    for (size_t i = 0; i < sim->node_count; i++)
        if (node_id_equal(&sim->fleet->identities[i].id, id))
            return sim->nodes[i];
    return NULL;
}

static void check_item(struct sim *sim, const struct sim_node *node, const char *job, sqlite3_stmt *item,
                       const struct owner_rank *keepers)
{
    char due[32];
    sim_time_text(sqlite3_column_int64(item, 4), due);
    for (size_t i = 0; i < keepers->count; i++) {
        const struct sim_node *keeper = node_of(sim, &keepers->nodes[i]);
        if (!sim_rule(sim, SIM_RULE_KEPT, keeper && has_item(keeper, job, item)))
            sim_fail(sim, "a record of kind %02x about %s, due %s, on %s is not on %s, which keeps it",
                     (unsigned)sqlite3_column_int(item, 0), job, due, node->identity->name,
                     keeper ? keeper->identity->name : "nobody");
    }
}

void sim_copies_check(struct sim *sim, const struct sim_node *node, const char *job)
{
    struct owner_rank keepers = {0};
    if (!keep_find_keepers(node->core, job, &keepers))
        return;
    sqlite3_stmt *item = prepare(node, items_of, job);
    sqlite3_bind_int64(item, 2, sim_wall_ms(sim) - SIM_COPIES_WITHIN_MS);
    while (sqlite3_step(item) == SQLITE_ROW && !sim->failure[0])
        check_item(sim, node, job, item, &keepers);
    sqlite3_finalize(item);
}
