// `export`: the table as YAML that `apply` would find unchanged.
#include <stdio.h>
#include <string.h>

#include "node/cli/commands.h"
#include "node/cli/job_view.h"
#include "node/cli/job_yaml.h"
#include "node/cli/print.h"
#include "node/cli/session.h"

struct exported {
    struct buffer yaml;
    size_t count;
};

static int add_job(void *context, const struct job_view *view)
{
    struct exported *exported = context;
    job_yaml_print(&view->signed_.definition, job_view_short(view->job), &exported->yaml);
    exported->count++;
    return COMMAND_DONE;
}

int commands_export(const struct command_line *line)
{
    struct session session;
    struct exported exported = {0};
    int status = session_open(line, &session);
    if (status == COMMAND_DONE)
        status = job_view_each(&session.client, &session.trust, add_job, &exported);
    if (status == COMMAND_DONE) {
        const struct buffer *yaml = &exported.yaml;
        printf("katydid: 1\njobs:%s\n", exported.count ? "" : " {}");
        fwrite(yaml->size ? yaml->data : (const uint8_t *)"", 1, yaml->size, stdout);
    }
    buffer_deinit(&exported.yaml);
    session_close(&session);
    return status;
}
