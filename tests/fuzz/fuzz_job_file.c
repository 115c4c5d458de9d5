// fuzz_job_file.c - any bytes as a job file: refused with a place, or jobs whose YAML says the same again.
#include <string.h>

#include "node/cli/job_change.h"
#include "node/cli/job_set.h"
#include "node/cli/job_yaml.h"
#include "tests/fuzz/fuzz.h"

static const struct job_schema_context CONTEXT = {.user = "ops", .user_hint = "", .now_ms = 1795694400000};

static void check_round(const struct definition *definition)
{
    static const char HEAD[] = "katydid: 1\njobs:\n";
    struct job_set again = {0};
    struct job_file_error error;
    struct buffer yaml = {0};
    buffer_add(&yaml, HEAD, strlen(HEAD));
    job_yaml_print(definition, "a", &yaml);
    bool is_read = job_set_add(&again, buffer_view(&yaml), &CONTEXT, &error);
    // The export of a file near the limit of size may be larger than a file may be.
    assert(is_read || yaml.size > LIMIT_JOB_FILE_SIZE_MAX);
    if (is_read) {
        struct definition renamed = again.jobs[0].definition;
        memcpy(renamed.name, definition->name, sizeof renamed.name);
        memcpy(renamed.namespace_name, definition->namespace_name, sizeof renamed.namespace_name);
        assert(job_change_is_none(&renamed, definition));
    }
    buffer_deinit(&yaml);
    job_set_deinit(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct job_set set = {0};
    struct job_file_error error;
    if (job_set_add(&set, bytes_of(data, size), &CONTEXT, &error)) {
        for (size_t i = 0; i < set.job_count; i++)
            check_round(&set.jobs[i].definition);
    } else {
        assert(strlen(error.text) < sizeof error.text);
    }
    job_set_deinit(&set);
    return 0;
}
