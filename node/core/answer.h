// answer.h - requests of the command line, and the answers that take more than one step.
//
// A request that memory can answer is answered at once. One that needs the disk (or other nodes)
// lives as a struct answer until its rows are in, its client is gone, or what it waits for happened.
#ifndef NODE_CORE_ANSWER_H
#define NODE_CORE_ANSWER_H

#include "node/core/effect.h"
#include "node/core/gather.h"
#include "node/core/trigger/trigger_text.h"

struct core;
struct run;

enum answer_stage {
    ANSWER_GATHERING, // rows come in
    ANSWER_SEGMENTS,  // a page of a log comes in
    ANSWER_SENDING,   // a page of a log goes to the client, which reads slowly
    ANSWER_FOLLOWING, // the log's run lives: what it says is passed on
    ANSWER_WAITING,   // for the run an order asked for; asked again now and then
    ANSWER_POLLING,   // a log is followed whose run lives on another node; asked again each second
    ANSWER_STORING,   // for records to be durable
    ANSWER_DRAINING,  // until nothing is owned and nothing runs here
    ANSWER_LEAVING,   // until the word of it has spread
};

struct answer {
    uint64_t client;
    uint64_t query; // 0: none under way
    enum control_request_kind kind;
    enum answer_stage stage;
    char job[NAME_JOB_ROOM];
    char run_prefix[2 * RUN_ID_SIZE + 1];
    struct run_id run;
    struct hash cause; // WAIT: the order; WHY: the occurrence
    int64_t at_ms;
    uint32_t limit, next_segment;
    bool failed, duplicates, follow, local;
    bool run_is_known; // LOGS: which run it is
    size_t rows_in_page;
    size_t unread_bytes;            // of a log: said since the client had last read all
    bool is_behind;                 // FOLLOWING: there is more on the disk than was said
    size_t waiting;                 // sources that have not said all yet: this disk, other nodes
    uint64_t deadline_ms;           // monotonic: who has not answered by then is named
    uint64_t poll_ms;               // monotonic: ask again then; 0: no
    char (*unreachable)[NAME_ROOM]; // owned
    size_t unreachable_count;
    struct answer_live_run *live; // owned: runs that live on other nodes
    size_t live_count;
    struct answer_segment *segments; // owned: of this page, from all sources
    size_t segment_count, segment_capacity;
    struct gather gather;
    struct answer_line *lines; // owned: story lines of `why`
    size_t line_count, line_capacity;
    uint64_t ticket;          // STORING: the last write it waits for
    struct control_put *puts; // owned; texts are owned copies
    size_t put_count;
};

struct answer_live_run {
    struct run_id run;
    int64_t started_ms;
};

struct answer_segment {
    uint32_t index;
    uint64_t offset;
    int64_t at_ms;
    uint8_t stream;
    struct buffer data; // owned
};

struct answer_line {
    int64_t at_ms;
    uint64_t stamp;
    struct node_id node;
    bool is_node_wide; // about the node, not the job
    char *what;        // owned
};

struct answers {
    struct answer **items; // owned
    size_t count, capacity;
    uint64_t query; // the last query number given
};

void answers_deinit(struct answers *answers);

void answer_request(struct core *core, uint64_t client, const struct control_request *request);
void answer_client_gone(struct core *core, uint64_t client);
void answer_drained(struct core *core, uint64_t client); // it has read all that was said
// `source` is whose disk the row is from.
void answer_row(struct core *core, uint64_t query, const struct event_row *row, const struct node_id *source);
void answer_rows_done(struct core *core, uint64_t query, bool failed);
void answer_peer_done(struct core *core, uint64_t query, const char *in_vain); // a name: it did not answer
void answer_live(struct core *core, uint64_t query, const struct run_id *run, int64_t started_ms);
void answer_unreachable(struct answer *answer, const char *name);
bool answer_is_late(const struct core *core, uint64_t query);
void answer_tick(struct core *core);
void answer_settled(struct core *core); // more writes are durable

// What happens meanwhile, for those who follow or wait.
void answer_run_ended(struct core *core, const struct run_id *run);
void answer_cause_settled(struct core *core, const struct hash *cause); // zero: nobody waits for that
void answer_look_again(struct core *core, struct answer *answer);
void answer_log_grew(struct core *core, const struct ledger_segment *segments, size_t count);

// For the rooms answer_*.c.
struct answer *answer_new(struct core *core, uint64_t client, const struct control_request *request);
void answer_end(struct core *core, struct answer *answer); // forgets it
// Numbers the query and asks this disk, and all other nodes unless the asker wanted this one alone.
void answer_query(struct core *core, struct answer *answer, struct effect_query *query);
// The last reply of an answer: names who could not be asked; exit status 5 then instead of 0.
void answer_finish(struct core *core, struct answer *answer, uint32_t exit_status);
void answer_reply(struct core *core, uint64_t client, struct control_reply *reply);
void answer_last(struct core *core, uint64_t client, uint32_t exit_status, const char *format, ...)
    PRINTF_LIKE(4, 5);

void answer_status(struct core *core, uint64_t client);
void answer_members(struct core *core, uint64_t client);
void answer_authority(struct core *core, uint64_t client, const struct control_request *request);
void answer_jobs(struct core *core, uint64_t client);
void answer_job(struct core *core, uint64_t client, const struct control_request *request);
void answer_owner(struct core *core, uint64_t client, const struct control_request *request);
void answer_clock_trust(struct core *core, uint64_t client, const struct control_request *request);
void answer_clock_trusted(struct core *core, struct answer *answer);
void answer_drain(struct core *core, uint64_t client, const struct control_request *request);
void answer_drain_more(struct core *core, struct answer *answer);
void answer_leave(struct core *core, uint64_t client, const struct control_request *request);
void answer_leave_more(struct core *core, struct answer *answer);
void answer_emit(struct core *core, uint64_t client, const struct control_request *request);
void answer_put(struct core *core, uint64_t client, const struct control_request *request);
void answer_put_done(struct core *core, struct answer *answer);
void answer_runs(struct core *core, uint64_t client, const struct control_request *request);
void answer_runs_done(struct core *core, struct answer *answer);
void answer_wait(struct core *core, uint64_t client, const struct control_request *request);
void answer_wait_done(struct core *core, struct answer *answer);
void answer_logs(struct core *core, uint64_t client, const struct control_request *request);
void answer_logs_row(struct core *core, struct answer *answer, const struct event_row *row);
void answer_logs_more(struct core *core, struct answer *answer);
void answer_logs_done(struct core *core, struct answer *answer);
void answer_why(struct core *core, uint64_t client, const struct control_request *request);
void answer_why_row(struct core *core, struct answer *answer, const struct event_row *row);
void answer_why_done(struct core *core, struct answer *answer);

// A row for people of what is gathered about one due time.
// `trigger_text`: room for the words of its trigger, which the row points to.
struct control_run answer_run_row(struct core *core, const struct gather_due *due,
                                  char trigger_text[TRIGGER_TEXT_SIZE]);

#endif
