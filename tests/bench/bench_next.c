// bench_next.c - how long the next due time takes, of the rarest expressions in every zone of this machine.
//
//   bench_next [DIRECTORY OF ZONES]
//
// Each (expression, zone, rule, start) is asked five times and the best of them counts, so that what the
// machine does besides is left out; the figure is the worst of all those. The starts are the days after a
// leap day, the beginnings of centuries without one, and the end of the calendar.
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "node/core/trigger/calendar.h"
#include "node/core/trigger/cron.h"
#include "node/core/trigger/trigger.h"
#include "proto/limits.h"

enum { ASKED = 5, START_COUNT_MAX = 200, ZONE_COUNT_MAX = 2000 };

static const char *const expressions[] = {
    "0 0 29 2 MON#5",  "0 0 29 2 */7",    "30 2 29 2 */7", "0 0 * 2 MON#5",    "30 2 L-28 2 */7",
    "59 59 23 29 2 *", "30 2 31W 12 */5", "0 0 LW 2 */5",  "0 0 */31 1 SUN#1", "30 2 29W 2 */4",
    "30 2 * 3 SUNL",   "H H H H H",       "* * * * * *",   "30 2 * * *",       "0 0 1,15,L-3 * FRIL"};

struct worst {
    double ns;
    const char *expression;
    char zone[256];
    int64_t start_ms;
};

struct bench {
    struct zone *zones[ZONE_COUNT_MAX];
    char *names[ZONE_COUNT_MAX];
    size_t zone_count;
    int64_t starts_ms[START_COUNT_MAX];
    size_t start_count;
    struct worst next, count;
};

static struct bench bench;

static double now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static int add_zone(const char *path, const struct stat *about, int kind, struct FTW *where)
{
    static uint8_t data[LIMIT_ZONE_FILE_SIZE_MAX];
    FILE *file = kind == FTW_F ? fopen(path, "rb") : NULL;
    (void)about;
    if (!file)
        return 0;
    size_t size = fread(data, 1, sizeof data, file);
    fclose(file);
    if (bench.zone_count < ZONE_COUNT_MAX &&
        zone_decode(bytes_of(data, size), &bench.zones[bench.zone_count]) == 0)
        bench.names[bench.zone_count++] = base_copy_text(path + where->base);
    return 0;
}

static void add_starts(void)
{
    for (int32_t year = 1972; year < 2490; year += 28)
        bench.starts_ms[bench.start_count++] =
            calendar_days_of((struct calendar_date){year, 3, 1}) * CALENDAR_DAY_S * 1000;
    for (int32_t year = 2072; year < 2490; year += 100)
        bench.starts_ms[bench.start_count++] =
            calendar_days_of((struct calendar_date){year, 3, 1}) * CALENDAR_DAY_S * 1000;
    bench.starts_ms[bench.start_count++] = LIMIT_WALL_MS_MAX - 1000;
}

static void keep_worst(struct worst *worst, double ns, const char *expression, size_t zone, int64_t start_ms)
{
    if (ns <= worst->ns)
        return;
    *worst = (struct worst){.ns = ns, .expression = expression, .start_ms = start_ms};
    snprintf(worst->zone, sizeof worst->zone, "%s", bench.names[zone]);
}

static double next_ns(const struct trigger *trigger, int64_t start_ms)
{
    double best = 1e18;
    for (int i = 0; i < ASKED; i++) {
        int64_t due_ms;
        double begin = now_ns();
        (void)trigger_next(trigger, start_ms, &due_ms);
        double taken = now_ns() - begin;
        best = MIN_OF(best, taken);
    }
    return best;
}

static double count_ns(const struct trigger *trigger, int64_t start_ms)
{
    const int64_t year_ms = 366LL * CALENDAR_DAY_S * 1000;
    double best = 1e18;
    for (int i = 0; i < ASKED; i++) {
        int64_t last_ms;
        double begin = now_ns();
        (void)trigger_count_between(trigger, start_ms, start_ms + year_ms, 100000, &last_ms);
        double taken = now_ns() - begin;
        best = MIN_OF(best, taken);
    }
    return best;
}

static void measure(const char *expression, size_t zone, struct trigger_rules rules)
{
    const struct trigger_source source = {
        .kind = TRIGGER_CRON, .expression = expression, .job_name = "main/bench"};
    struct trigger *trigger;
    struct trigger_error error;
    if (trigger_compile(&source, bench.zones[zone], rules, &trigger, &error) != 0) {
        fprintf(stderr, "bench_next: %s: %s\n", expression, error.text);
        exit(1);
    }
    for (size_t i = 0; i < bench.start_count; i++) {
        keep_worst(&bench.next, next_ns(trigger, bench.starts_ms[i]), expression, zone, bench.starts_ms[i]);
        if (zone % 16 == 0)
            keep_worst(&bench.count, count_ns(trigger, bench.starts_ms[i]), expression, zone,
                       bench.starts_ms[i]);
    }
    trigger_free(trigger);
}

static void print(const char *name, const struct worst *worst)
{
    printf("\"%s_us\": %.2f, \"%s_of\": \"%s in %s after %lld\"", name, worst->ns / 1e3, name,
           worst->expression, worst->zone, (long long)worst->start_ms);
}

int main(int argc, char **argv)
{
    nftw(argc > 1 ? argv[1] : "/usr/share/zoneinfo/posix", add_zone, 16, 0);
    if (!bench.zone_count)
        nftw("/usr/share/zoneinfo", add_zone, 16, 0);
    add_starts();
    for (size_t zone = 0; zone < bench.zone_count; zone++)
        for (size_t i = 0; i < COUNT_OF(expressions) * 2; i++)
            measure(expressions[i / 2], zone, (struct trigger_rules){i & 1, i & 1});
    printf("{\"zones\": %zu, ", bench.zone_count);
    print("next", &bench.next);
    printf(", ");
    print("count", &bench.count);
    printf("}\n");
    for (size_t i = 0; i < bench.zone_count; i++) {
        zone_free(bench.zones[i]);
        free(bench.names[i]);
    }
    return bench.zone_count ? 0 : 1;
}
