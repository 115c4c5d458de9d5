#include "tests/unit/support_table.h"

#include <stdio.h>

void support_table_init(struct support_table *fixture)
{
    *fixture = (struct support_table){0};
    support_trust_init(&fixture->trust);
    support_trust_operators(&fixture->trust, 2);
    fixture->alice = support_signer(&fixture->trust.fleet, SUPPORT_ALICE);
    fixture->bob = support_signer(&fixture->trust.fleet, SUPPORT_BOB);
    table_init(&fixture->table);
}

void support_table_deinit(struct support_table *fixture)
{
    table_deinit(&fixture->table);
    support_trust_deinit(&fixture->trust);
}

int support_table_add(struct support_table *fixture, const struct support_record *record)
{
    struct record_id id = {0};
    int outcome = table_add(&fixture->table, &fixture->trust.log, buffer_view(&record->envelope), &id);
    assert(outcome > TABLE_SUPERSEDED || hash_equal(&id.hash, &record->id.hash));
    return outcome;
}

int support_table_take(struct support_table *fixture, struct support_record record)
{
    int outcome = support_table_add(fixture, &record);
    support_record_deinit(&record);
    return outcome;
}

struct table_job *support_table_job(const struct support_table *fixture, const char *name)
{
    return table_find_job(&fixture->table, "main", name);
}

void support_record_deinit(struct support_record *record)
{
    buffer_deinit(&record->envelope);
}

static uint64_t head_of(const struct support_table *fixture)
{
    return authority_log_get_head(&fixture->trust.log).number;
}

struct support_record support_edit(const struct support_table *fixture, const struct envelope_signer *signer,
                                   uint64_t version, const struct record_id *seen, size_t seen_count)
{
    struct support_record record = {0};
    struct definition definition = support_definition("backup");
    struct hash settles[LIMIT_SETTLED_COUNT_MAX];
    for (size_t i = 1; i < seen_count; i++)
        settles[i - 1] = seen[i].hash;
    definition.life = 1;
    definition.version = version;
    definition.stamp = support_stamp((int64_t)(100 + version));
    definition.edited_from = seen[0].hash;
    definition.settles = settles;
    definition.settle_count = seen_count - 1;
    definition.authority_number = head_of(fixture);
    record.id = support_sign_definition(signer, &definition, &record.envelope);
    return record;
}

struct support_record support_define(const struct support_table *fixture,
                                     const struct envelope_signer *signer, const char *name, uint64_t life,
                                     uint64_t version)
{
    struct support_record record = {0};
    struct definition definition = support_definition(name);
    definition.life = life;
    definition.version = version;
    definition.stamp = support_stamp((int64_t)(100 * life + version));
    definition.authority_number = head_of(fixture);
    record.id = support_sign_definition(signer, &definition, &record.envelope);
    return record;
}

static struct support_record sign_pause(const struct support_table *fixture,
                                        const struct envelope_signer *signer, const char *name,
                                        struct pause pause)
{
    struct support_record record = {0};
    snprintf(pause.namespace_name, sizeof pause.namespace_name, "main");
    snprintf(pause.name, sizeof pause.name, "%s", name);
    pause.authority_number = head_of(fixture);
    record.id = support_sign_pause(signer, &pause, &record.envelope);
    return record;
}

struct support_record support_pause(const struct support_table *fixture, const struct envelope_signer *signer,
                                    const char *name, uint64_t life, int64_t at_ms)
{
    struct pause pause = {.life = life, .stamp = support_stamp(at_ms)};
    return sign_pause(fixture, signer, name, pause);
}

struct support_record support_pause_until(const struct support_table *fixture, const char *name,
                                          int64_t until_ms)
{
    struct pause pause = {.life = 1, .stamp = support_stamp(1), .until_ms = until_ms};
    return sign_pause(fixture, &fixture->alice, name, pause);
}

struct support_record support_resume(const struct support_table *fixture,
                                     const struct envelope_signer *signer, const char *name,
                                     const struct record_id *lifts, int64_t at_ms)
{
    struct pause pause = {.life = 1, .stamp = support_stamp(at_ms), .lifts = &lifts->hash, .lift_count = 1};
    return sign_pause(fixture, signer, name, pause);
}

struct support_record support_delete(const struct support_table *fixture,
                                     const struct envelope_signer *signer, const char *name, uint64_t life,
                                     int64_t at_ms)
{
    struct support_record record = {0};
    struct removal removal = {
        .namespace_name = "main",
        .life = life,
        .stamp = support_stamp(at_ms),
        .authority_number = head_of(fixture),
    };
    snprintf(removal.name, sizeof removal.name, "%s", name);
    record.id = support_sign_removal(signer, &removal, &record.envelope);
    return record;
}

struct support_record support_order(const struct support_table *fixture, const struct envelope_signer *signer,
                                    const char *name, int64_t at_ms)
{
    struct support_record record = {0};
    struct order order = {
        .random = {1, 2, 3},
        .action = ORDER_RUN,
        .namespace_name = "main",
        .life = 1,
        .not_before_ms = SUPPORT_WALL_MS + at_ms,
        .not_after_ms = SUPPORT_WALL_MS + at_ms + 600000,
        .stamp = support_stamp(at_ms),
        .authority_number = head_of(fixture),
    };
    snprintf(order.name, sizeof order.name, "%s", name);
    record.id = support_sign_order(signer, &order, &record.envelope);
    return record;
}
