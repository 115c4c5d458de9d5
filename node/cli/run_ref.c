#include "node/cli/run_ref.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "node/cli/job_view.h"
#include "node/cli/print.h"

bool run_ref_is_run(const char *typed, char ret_run[2 * RUN_ID_SIZE + 1])
{
    size_t size = strlen(typed);
    if (size == 0 || size > 2 * RUN_ID_SIZE)
        return false;
    for (size_t i = 0; i <= size; i++) {
        if (typed[i] && !isxdigit((unsigned char)typed[i]))
            return false;
        ret_run[i] = (char)tolower((unsigned char)typed[i]);
    }
    return true;
}

static int ask_job(struct client *client, const char *job)
{
    struct control_request request = {.kind = CONTROL_JOB, .job = job, .run = ""};
    struct control_reply reply;
    client_send(client, &request);
    while (client_next(client, &reply))
        ;
    return (int)client->end.exit_status;
}

int run_ref_resolve(struct client *client, const char *typed, struct run_ref *ret_ref)
{
    char namespace_name[NAME_ROOM], name[NAME_ROOM];
    bool is_job = name_split_job(typed, namespace_name, name);
    *ret_ref = (struct run_ref){0};
    bool is_run = run_ref_is_run(typed, ret_ref->run);
    if (!is_job)
        return job_view_name(typed, ret_ref->job); // says what a name is
    name_join_job(namespace_name, name, ret_ref->job);
    if (!is_run) {
        ret_ref->run[0] = '\0';
        return COMMAND_DONE;
    }
    int status = ask_job(client, ret_ref->job);
    if (status == COMMAND_DONE)
        ret_ref->run[0] = '\0';
    else if (status == COMMAND_NOT_FOUND)
        ret_ref->job[0] = '\0';
    else
        return client_end(client);
    return COMMAND_DONE;
}

int run_ref_find(struct client *client, const struct run_ref *ref, struct control_run *ret_row)
{
    struct control_request request = {.kind = CONTROL_RUNS, .job = "", .run = ref->run, .limit = 50};
    struct control_reply reply;
    size_t count = 0;
    client_send(client, &request);
    while (client_next(client, &reply)) {
        char id[2 * RUN_ID_SIZE + 1];
        if (reply.kind != CONTROL_REPLY_RUN || !reply.is.run.has_run)
            continue;
        hex_encode(reply.is.run.run.b, RUN_ID_SIZE, id);
        if (strncmp(id, ref->run, strlen(ref->run)) != 0 ||
            (count && run_id_equal(&reply.is.run.run, &ret_row->run)))
            continue;
        count++;
        *ret_row = reply.is.run;
        client_keep(client);
    }
    int status = client_end(client);
    if (status != COMMAND_DONE && status != COMMAND_PARTIAL)
        return status;
    if (count > 1)
        return print_failure("%zu runs have an id that begins with %s; type more of it", count, ref->run);
    if (count == 0)
        return print_status(COMMAND_NOT_FOUND,
                            "there is no job and no run %s; `katydid jobs` and `katydid runs` list them",
                            ref->run);
    return COMMAND_DONE;
}
