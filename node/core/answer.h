// answer.h - requests of the command line, and the answers that take more than one step.
//
// A request that memory can answer is answered at once. One that needs the disk (or other nodes)
// lives as a struct answer until its rows are in, its client is gone, or what it waits for happened.
#ifndef NODE_CORE_ANSWER_H
#define NODE_CORE_ANSWER_H

#include "node/core/effect.h"
#include "node/core/gather.h"

struct core;
struct run;

enum answer_stage {
    ANSWER_GATHERING, // rows come in
    ANSWER_SEGMENTS,  // a page of a log comes in
    ANSWER_FOLLOWING, // the log's run lives: what it says is passed on
    ANSWER_WAITING,   // for the run an order asked for
    ANSWER_STORING,   // for records to be durable
};

struct answer {
    uint64_t client;
    uint64_t query; // 0: none under way
    enum control_request_kind kind;
    enum answer_stage stage;
    char job[NAME_JOB_ROOM];
    char run_prefix[2 * RUN_ID_SIZE + 1];
    struct run_id run;
    struct hash cause; // WAIT: the order
    int64_t at_ms;
    uint32_t limit, next_segment;
    bool failed, duplicates, follow;
    bool run_is_known; // LOGS: which run it is
    size_t rows_in_page;
    struct gather gather;
    struct answer_line *lines; // owned: story lines of `why`
    size_t line_count, line_capacity;
    uint64_t ticket;             // STORING: the last write it waits for
    struct control_put *puts;    // owned; texts are owned copies
    size_t put_count;
};

struct answer_line {
    int64_t at_ms;
    uint64_t stamp;
    struct node_id node;
    char *what; // owned
};

struct answers {
    struct answer **items; // owned
    size_t count, capacity;
    uint64_t query; // the last query number given
};

void answers_deinit(struct answers *answers);

void answer_request(struct core *core, uint64_t client, const struct control_request *request);
void answer_client_gone(struct core *core, uint64_t client);
void answer_row(struct core *core, uint64_t query, const struct event_row *row);
void answer_rows_done(struct core *core, uint64_t query, bool failed);
void answer_settled(struct core *core); // more writes are durable
void answer_refused(struct core *core, uint64_t ticket); // the disk had no room for this write

// What happens meanwhile, for those who follow or wait.
void answer_run_ended(struct core *core, const struct run_id *run);
void answer_cause_settled(struct core *core, const struct hash *cause); // zero: nobody waits for that
void answer_log_grew(struct core *core, const struct ledger_segment *segments, size_t count);

// For the rooms answer_*.c.
struct answer *answer_new(struct core *core, uint64_t client, const struct control_request *request);
void answer_end(struct core *core, struct answer *answer); // forgets it
void answer_query(struct core *core, struct answer *answer, struct effect_query *query); // numbers and sends it
void answer_reply(struct core *core, uint64_t client, struct control_reply *reply);
void answer_last(struct core *core, uint64_t client, uint32_t exit_status, const char *format, ...)
    PRINTF_LIKE(4, 5);

void answer_status(struct core *core, uint64_t client);
void answer_members(struct core *core, uint64_t client);
void answer_authority(struct core *core, uint64_t client, const struct control_request *request);
void answer_jobs(struct core *core, uint64_t client);
void answer_job(struct core *core, uint64_t client, const struct control_request *request);
void answer_owner(struct core *core, uint64_t client, const struct control_request *request);
void answer_put(struct core *core, uint64_t client, const struct control_request *request);
void answer_put_done(struct core *core, struct answer *answer);
void answer_runs(struct core *core, uint64_t client, const struct control_request *request);
void answer_runs_done(struct core *core, struct answer *answer);
void answer_wait(struct core *core, uint64_t client, const struct control_request *request);
void answer_wait_done(struct core *core, struct answer *answer);
void answer_logs(struct core *core, uint64_t client, const struct control_request *request);
void answer_logs_row(struct core *core, struct answer *answer, const struct event_row *row);
void answer_logs_done(struct core *core, struct answer *answer);
void answer_why(struct core *core, uint64_t client, const struct control_request *request);
void answer_why_row(struct core *core, struct answer *answer, const struct event_row *row);
void answer_why_done(struct core *core, struct answer *answer);

// A row for people of what is gathered about one due time.
struct control_run answer_run_row(struct core *core, const struct gather_due *due);

#endif
