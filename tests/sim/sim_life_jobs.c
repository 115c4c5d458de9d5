// sim_life_jobs.c - the jobs of a life, and the people who change them.
#include "tests/sim/sim_life.h"
#include "tests/unit/support_trust.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { PUT_TRIES = 40, STRANGER = 77 };

struct sim_node *life_some_node(struct life *life)
{
    size_t index;
    do
        index = sim_random(life->sim, life->joined_count);
    while (life->has_left[index]);
    return life->sim->nodes[index];
}

// --- schedules ---

// Every second or minute at which the local clock shows one of these; the C library knows zones well.
struct pattern {
    const char *cron;
    unsigned step_s; // matches seconds of the hour that are multiples of this
};

static const struct pattern patterns[] = {
    {"* * * * *", 60},      {"*/2 * * * *", 120},   {"*/5 * * * *", 300}, {"*/10 * * * * *", 10},
    {"*/15 * * * * *", 15}, {"*/30 * * * * *", 30}, {"0 */1 * * * *", 60}};
static const char *const zones[] = {"UTC",          "Europe/Berlin",       "America/New_York",
                                    "Asia/Kolkata", "Australia/Lord_Howe", "Asia/Kathmandu"};

static int64_t *list_due_times(const struct sim *sim, const char *zone, const struct pattern *pattern,
                               size_t *ret_count)
{
    int64_t from_s = sim->start_wall_ms / 1000 - 60;
    int64_t until_s = from_s + (LIFE_MAX_MS + LIFE_PEACE_MS) / 1000 + 3600;
    int64_t *due_ms = base_alloc((size_t)(until_s - from_s), sizeof *due_ms);
    size_t count = 0;
    setenv("TZ", zone, 1);
    tzset();
    for (int64_t at_s = from_s; at_s < until_s; at_s++) {
        time_t time = (time_t)at_s;
        struct tm local;
        localtime_r(&time, &local);
        if ((unsigned)(local.tm_min * 60 + local.tm_sec) % pattern->step_s == 0)
            due_ms[count++] = at_s * 1000;
    }
    *ret_count = count;
    return due_ms;
}

static void make_cron(struct life *life, struct life_job *made)
{
    struct sim *sim = life->sim;
    const struct pattern *pattern = &patterns[sim_random(sim, COUNT_OF(patterns))];
    made->job.cron = pattern->cron;
    made->job.zone = zones[sim_random(sim, COUNT_OF(zones))];
    int64_t *due_ms = list_due_times(sim, made->job.zone, pattern, &made->job.due_count);
    made->job.due_ms = due_ms;
    life->due_times = base_resize(life->due_times, life->due_times_count + 1, sizeof(int64_t *));
    life->due_times[life->due_times_count++] = due_ms;
}

static void make_schedule(struct life *life, struct life_job *made)
{
    static const uint64_t periods_ms[] = {1000, 2000, 5000, 7000, 10000, 15000, 30000, 60000, 90000};
    struct sim *sim = life->sim;
    uint64_t choice = sim_random(sim, 100);
    made->job.cron = made->job.zone = NULL;
    made->job.every_ms = 0;
    made->job.at_ms = 0;
    if (choice < 25) {
        make_cron(life, made);
        return;
    }
    if (choice < 35) {
        made->job.at_ms = sim_wall_ms(sim) + (int64_t)sim_between(sim, 5000, 300000);
        return;
    }
    made->job.every_ms = periods_ms[sim_random(sim, COUNT_OF(periods_ms))];
    if (made->job.spread ==
        DEFINITION_SPREAD_ALL) // each node has due times of its own: keep the answers short
        made->job.every_ms = MAX_OF(made->job.every_ms, 10000);
    made->job.anchor_ms = (int64_t)sim_random(sim, made->job.every_ms);
}

// --- jobs ---

static void make_work(struct sim *sim, struct life_job *made)
{
    size_t count = 0;
    static const uint64_t lasting_ms[] = {0, 50, 700, 3000, 8000, 15000};
    memset(made->job.work, 0, sizeof made->job.work);
    snprintf(made->words[count++], LIFE_WORD_ROOM, "for=%u",
             (unsigned)lasting_ms[sim_random(sim, COUNT_OF(lasting_ms))]);
    snprintf(made->words[count++], LIFE_WORD_ROOM, "spread=%u", (unsigned)sim_random(sim, 2000));
    if (sim_chance(sim, 300))
        snprintf(made->words[count++], LIFE_WORD_ROOM, "say=%u", (unsigned)sim_random(sim, 40000));
    if (sim_chance(sim, 300))
        snprintf(made->words[count++], LIFE_WORD_ROOM, "fails=%u", (unsigned)sim_random(sim, 3));
    if (sim_chance(sim, 150))
        snprintf(made->words[count++], LIFE_WORD_ROOM, "exit=1");
    if (sim_chance(sim, 100))
        snprintf(made->words[count++], LIFE_WORD_ROOM, "deaf");
    for (size_t i = 0; i < count; i++)
        made->job.work[i] = made->words[i];
}

void life_make_job(struct life *life, size_t index)
{
    struct sim *sim = life->sim;
    struct life_job *made = &life->jobs[index];
    snprintf(made->name, sizeof made->name, "job-%zu", index + 1);
    made->job = (struct sim_job){.name = made->name};
    made->job.spread = sim_chance(sim, 200) ? DEFINITION_SPREAD_ALL : DEFINITION_SPREAD_ONE;
    make_schedule(life, made);
    make_work(sim, made);
    made->job.busy = (enum definition_busy)sim_random(sim, 4);
    made->job.catch_up = (enum definition_catch_up)sim_random(sim, 3);
    if (sim_chance(sim, 500))
        made->job.catch_up_within_ms = 1000 * sim_between(sim, 1, 300);
    made->job.on_lost = sim_chance(sim, 300) ? DEFINITION_ON_LOST_REPORT : DEFINITION_ON_LOST_RERUN;
    made->job.retry_times = (uint32_t)sim_random(sim, 4);
    made->job.retry_delay_ms = 1000 * sim_random(sim, 6);
    made->job.retry_growth_milli = sim_chance(sim, 300) ? 2000 : 0;
    if (sim_chance(sim, 200))
        made->job.time_limit_ms = 1000 * sim_between(sim, 1, 10);
    made->job.grace_ms = 2000;
    if (made->job.spread == DEFINITION_SPREAD_ONE && !(life->troubles & SIM_LEAVES) && sim_chance(sim, 150)) {
        snprintf(made->node, sizeof made->node, "%s", life_some_node(life)->identity->name);
        made->job.node = made->node;
    }
}

// --- people ---

static struct sim_record copy_of(const struct sim_record *record)
{
    struct sim_record copy = {.id = record->id};
    buffer_add(&copy.envelope, record->envelope.data, record->envelope.size);
    return copy;
}

// People try here and there until somebody takes what they signed.
void life_put(struct life *life, struct sim_record record)
{
    struct sim *sim = life->sim;
    enum sim_put outcome = SIM_PUT_UNANSWERED;
    for (int i = 0; i < PUT_TRIES && !sim->failure[0]; i++) {
        outcome = sim_person_put(sim, life_some_node(life), copy_of(&record));
        if (outcome == SIM_PUT_ADDED || outcome == SIM_PUT_KNOWN)
            break;
        sim_run(sim, 2000);
    }
    if (outcome != SIM_PUT_ADDED && outcome != SIM_PUT_KNOWN)
        sim_fail(sim, "nobody takes a record that was signed");
    buffer_deinit(&record.envelope);
}

void life_change_something(struct life *life)
{
    struct sim *sim = life->sim;
    struct life_job *made = &life->jobs[sim_random(sim, life->job_count)];
    const struct sim_name *name = sim_jobs_find(sim, made->name);
    uint64_t choice = sim_random(sim, 100);
    sim_say(sim, "a person changes %s", made->name);
    if (name->is_deleted) {
        life_put(life, sim_job_define(sim, &made->job));
    } else if (choice < 20) {
        life_put(life, sim_job_pause(sim, made->name));
    } else if (choice < 40) {
        if (name->pause_count)
            life_put(life, sim_job_resume(sim, made->name, NULL));
    } else if (choice < 60) {
        make_work(sim, made);
        life_put(life, sim_job_define(sim, &made->job));
    } else if (choice < 70) {
        make_schedule(life, made);
        life_put(life, sim_job_define(sim, &made->job));
    } else if (choice < 80) {
        life_put(life, sim_job_delete(sim, made->name));
    } else if (choice < 90) {
        life_put(life, sim_job_run(sim, made->name));
    } else {
        life_put(life, sim_job_cancel(sim, made->name));
    }
}

// --- people without the right ---

// A pause of a job, which would show if it counted: signed by a stranger, or bent after it was signed.
void life_sign_something(struct life *life)
{
    struct sim *sim = life->sim;
    const struct sim_name *name = sim_jobs_find(sim, life->jobs[sim_random(sim, life->job_count)].name);
    struct envelope_signer stranger = support_signer(&sim->fleet->id, STRANGER);
    bool is_strange = sim_chance(sim, 500);
    struct definition definition = support_definition(name->job.name);
    definition.life = name->life;
    definition.version = name->version + 100;
    definition.schedule_version = definition.version;
    definition.stamp = definition.since = (uint64_t)sim_wall_ms(sim) << 16;
    definition.authority_number = 1;
    struct sim_record record = {0};
    record.id = support_sign_definition(is_strange ? &stranger : &sim->fleet->operator_, &definition,
                                        &record.envelope);
    if (!is_strange) // another byte of the body
        record.envelope.data[record.envelope.size / 2] ^= (uint8_t)(1 + sim_random(sim, 255));
    sim_say(sim, "somebody forges %s", name->full);
    enum sim_put outcome = sim_person_put(sim, life_some_node(life), record);
    if (outcome != SIM_PUT_UNANSWERED && !sim_rule(sim, SIM_RULE_FORGED, outcome == SIM_PUT_REFUSED))
        sim_fail(sim, "a forged record was taken");
}
