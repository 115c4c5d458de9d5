// calendar_oracle.c - answers questions about due times and zones, one line each, for tools/check-calendar.
//
//   cron ZONE GAP OVERLAP AFTER_MS COUNT EXPRESSION   the due times after AFTER_MS, or "refused: why"
//   offset ZONE FIRST_S STEP_S COUNT                  offset, dst and name at COUNT instants
//   local ZONE FIRST_S STEP_S COUNT                   kind and both candidates of COUNT local times
//
// The job whose name H spreads by is main/oracle. GAP is run-after or skip, OVERLAP once or twice. Equal
// neighbours of the last two are written once, with how many there are in front; candidates are written as
// distances from the local time.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/core/trigger/cron.h"
#include "tests/unit/support_zone.h"

enum {
    LINE_SIZE = 4096,
    ANSWER_SIZE = 80,
};

// The zone asked about last; questions come in blocks of one zone.
struct kept {
    char name[64];
    struct zone *zone;
};

static const struct zone *zone_of(struct kept *kept, const char *name)
{
    if (strcmp(kept->name, name) != 0) {
        zone_free(kept->zone);
        kept->zone = support_zone(name);
        (void)snprintf(kept->name, sizeof kept->name, "%s", name);
    }
    return kept->zone;
}

static void answer_cron(struct kept *kept, const char *line)
{
    char zone_name[64], gap[16], overlap[16];
    long long after_ms;
    int count, expression = 0;
    if (sscanf(line, "cron %63s %15s %15s %lld %d %n", zone_name, gap, overlap, &after_ms, &count,
               &expression) != 5) {
        puts("what?");
        return;
    }
    struct cron cron;
    struct trigger_error error;
    const struct zone *zone = zone_of(kept, zone_name);
    struct trigger_rules rules = {strcmp(gap, "skip") == 0, strcmp(overlap, "twice") == 0};
    if (!zone || !cron_parse(line + expression, "main/oracle", &cron, &error)) {
        printf("refused: %s\n", zone ? error.text : "no such zone");
        return;
    }
    int64_t due_ms = after_ms;
    for (int i = 0; i < count && cron_next(&cron, zone, rules, due_ms, &due_ms); i++)
        printf("%s%lld", i ? " " : "", (long long)due_ms);
    putchar('\n');
}

static void write_offset(const struct zone *zone, int64_t unix_s, char *out)
{
    struct zone_offset offset = zone_offset_at(zone, unix_s);
    (void)snprintf(out, ANSWER_SIZE, "%d %d %s", offset.utc_offset_s, offset.is_dst, offset.abbreviation);
}

static void write_local(const struct zone *zone, int64_t local_s, char *out)
{
    static const char *const kinds[] = {"unique", "gap", "overlap"};
    struct zone_local local = zone_local_at(zone, local_s);
    (void)snprintf(out, ANSWER_SIZE, "%s %lld %lld", kinds[local.kind], (long long)(local_s - local.first_s),
                   (long long)(local_s - local.second_s));
}

static void answer_series(struct kept *kept, const char *line)
{
    char what[16], zone_name[64], answer[ANSWER_SIZE], last[ANSWER_SIZE] = "";
    long long first_s, step_s, count, same = 0;
    if (sscanf(line, "%15s %63s %lld %lld %lld", what, zone_name, &first_s, &step_s, &count) != 5) {
        puts("what?");
        return;
    }
    const struct zone *zone = zone_of(kept, zone_name);
    for (long long i = 0; zone && i < count; i++) {
        if (strcmp(what, "local") == 0)
            write_local(zone, first_s + i * step_s, answer);
        else
            write_offset(zone, first_s + i * step_s, answer);
        if (same && strcmp(answer, last) != 0) {
            printf("%lld %s;", same, last);
            same = 0;
        }
        same++;
        memcpy(last, answer, sizeof last);
    }
    printf("%lld %s\n", same, last);
}

int main(void)
{
    static char line[LINE_SIZE];
    struct kept kept = {0};
    while (fgets(line, sizeof line, stdin)) {
        line[strcspn(line, "\n")] = 0;
        if (strncmp(line, "cron ", 5) == 0)
            answer_cron(&kept, line);
        else
            answer_series(&kept, line);
    }
    zone_free(kept.zone);
    return 0;
}
