// `export`: the table as YAML that `apply` would find unchanged.
#include <stdio.h>
#include <string.h>

#include "node/cli/commands.h"
#include "node/cli/job_view.h"
#include "node/cli/job_yaml.h"
#include "node/cli/print.h"
#include "node/cli/session.h"

static int export_rows(struct session *session, struct buffer *yaml, size_t *ret_count)
{
    struct control_reply reply;
    int status = COMMAND_DONE;
    *ret_count = 0;
    client_send(&session->client, &(struct control_request){.kind = CONTROL_JOBS, .job = "", .run = ""});
    while (client_next(&session->client, &reply)) {
        struct job_view view;
        if (reply.kind != CONTROL_REPLY_JOB || status != COMMAND_DONE)
            continue;
        status = job_view_take(&session->trust, &reply, &view);
        if (status == COMMAND_DONE && view.row) {
            job_yaml_print(&view.signed_.definition, job_view_short(view.job), yaml);
            ++*ret_count;
        }
        job_view_close(&view);
    }
    int end = client_end(&session->client);
    return status != COMMAND_DONE ? status : end;
}

int commands_export(const struct command_line *line)
{
    struct session session;
    struct buffer yaml = {0};
    size_t count;
    int status = session_open(line, &session);
    if (status == COMMAND_DONE)
        status = export_rows(&session, &yaml, &count);
    if (status == COMMAND_DONE) {
        printf("katydid: 1\njobs:%s\n", count ? "" : " {}");
        fwrite(yaml.size ? yaml.data : (const uint8_t *)"", 1, yaml.size, stdout);
    }
    buffer_deinit(&yaml);
    session_close(&session);
    return status;
}
