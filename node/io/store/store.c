#include "node/io/store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "node/io/clock.h"
#include "node/io/memory.h"
#include "node/io/store/commit.h"
#include "node/io/store/database.h"
#include "node/io/store/generation.h"
#include "node/io/store/lookup.h"
#include "node/io/store/retain.h"
#include "node/io/store/writer.h"

// After the last work memory is given back, and once more later: news is told on for some seconds.
static const uint64_t rest_after_ms[] = {5000, 15000};

static const char generation_key[] = "store.generation";

struct store {
    struct database database; // the thread's once it runs
    struct commit commit;     // the thread's, but for its counters
    int directory;            // of the file
    uv_thread_t thread;
    bool has_thread;
    struct delivery_queue answers;

    uv_mutex_t lock; // for the next four
    uv_cond_t handed_over;
    struct request_list writes, queries; // owned
    bool closing;

    size_t rest_count; // the thread's: how often memory was given back since it did anything
};

// A new file is named on the disk only once its directory is synced; SQLite syncs the file alone.
static int open_directory(const char *path, int *ret_directory)
{
    char *copy = base_copy_text(path);
    int directory = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    free(copy);
    if (directory < 0)
        return STORE_FAILED;
    *ret_directory = directory;
    return 0;
}

int store_open(const char *path, const struct store_options *options, struct store **ret_store)
{
    struct store *store = base_alloc(1, sizeof *store);
    int outcome = open_directory(path, &store->directory);
    if (!outcome) {
        outcome = database_open(&store->database, path, options);
        if (!outcome && fsync(store->directory))
            outcome = STORE_FAILED;
        if (outcome) {
            database_deinit(&store->database);
            close(store->directory);
        }
    }
    if (outcome) {
        free(store);
        return outcome;
    }
    delivery_init(&store->answers);
    if (uv_mutex_init(&store->lock) || uv_cond_init(&store->handed_over))
        abort();
    store->commit.database = &store->database;
    store->commit.answers = &store->answers;
    store->commit.unswept = COMMIT_SWEEP_COUNT;
    store->commit.size_max_bytes =
        options->size_max_bytes ? options->size_max_bytes : retain_size_default(store->directory);
    ballast_init(&store->commit.ballast, store->directory);
    *ret_store = store;
    return 0;
}

void store_explain(int outcome, const char *path, char *out, size_t size)
{
    switch (outcome) {
    case STORE_CORRUPT:
        snprintf(out, size,
                 "%s is damaged: move it away (keep it, its history may be saved) and start again; the node "
                 "fetches the table from its peers",
                 path);
        return;
    case STORE_NEWER:
        snprintf(out, size, "%s was written by a newer version: install that version or a later one", path);
        return;
    case STORE_BUSY:
        snprintf(out, size, "%s is in use by another process: stop it first", path);
        return;
    case STORE_FULL:
        snprintf(out, size,
                 "the disk of %s is full: make room; until then nothing starts here, and it is tried again",
                 path);
        return;
    default:
        snprintf(out, size, "%s cannot be opened or written: check the disk and the rights of its directory",
                 path);
    }
}

static int write_once(struct store *store, const struct effect_write *writes, size_t count)
{
    int outcome = database_begin(&store->database);
    if (outcome)
        return outcome;
    for (size_t i = 0; i < count && !outcome; i++)
        outcome = writer_perform(&store->database, &writes[i]);
    if (outcome) {
        database_rollback(&store->database);
        return outcome;
    }
    return database_commit(&store->database);
}

int store_write_now(struct store *store, const struct effect_write *writes, size_t count)
{
    assert(!store->has_thread);
    int outcome = write_once(store, writes, count);
    if (outcome != STORE_FULL)
        return outcome;
    ballast_remove(&store->commit.ballast);
    outcome = write_once(store, writes, count);
    if (outcome == STORE_FULL && database_checkpoint(&store->database, true) == 0)
        outcome = write_once(store, writes, count);
    return outcome;
}

int store_find_meta(struct store *store, const char *key, struct buffer *out)
{
    assert(!store->has_thread);
    sqlite3_stmt *statement;
    bool row = false;
    int outcome = database_prepare(&store->database, SQL_META_FIND, &statement);
    if (outcome)
        return outcome;
    database_bind_text(statement, 1, key);
    outcome = database_step(&store->database, statement, &row);
    if (outcome)
        return outcome;
    if (!row)
        return STORE_NOT_FOUND;
    struct bytes value = database_column_bytes(statement, 0);
    buffer_add(out, value.data, value.size);
    sqlite3_reset(statement);
    return 0;
}

static int read_generation(struct store *store, uint64_t *ret_generation)
{
    struct buffer value = {0};
    struct reader reader;
    int outcome = store_find_meta(store, generation_key, &value);
    uint64_t generation = 0;
    if (!outcome) {
        reader_init(&reader, buffer_view(&value));
        generation = reader_u64(&reader);
        outcome = reader_is_done(&reader) ? 0 : STORE_CORRUPT;
    }
    buffer_deinit(&value);
    if (!outcome || outcome == STORE_NOT_FOUND)
        *ret_generation = MAX_OF(generation, generation_read(store->directory));
    return outcome == STORE_NOT_FOUND ? 0 : outcome;
}

// Each of the two is enough: the file can be written on a full disk, the database on every other.
int store_next_generation(struct store *store, uint64_t *ret_generation)
{
    struct buffer value = {0};
    uint64_t generation;
    int outcome = read_generation(store, &generation);
    if (outcome)
        return outcome;
    buffer_add_u64(&value, ++generation);
    const struct effect_write write = {
        .kind = EFFECT_WRITE_META, .key = generation_key, .value = buffer_view(&value)};
    bool is_in_file = generation_write(store->directory, generation) == 0;
    outcome = store_write_now(store, &write, 1);
    if (outcome == STORE_FULL && is_in_file)
        outcome = 0;
    buffer_deinit(&value);
    if (!outcome)
        *ret_generation = generation;
    return outcome;
}

struct listener { // who asked
    struct store *store;
    uint64_t query;
};

static bool deliver_row(void *context, const struct event_row *row, struct packet *packet)
{
    const struct listener *listener = context;
    return delivery_add_row(&listener->store->answers, listener->query, row, packet);
}

static void say_done(struct store *store, uint64_t query, int outcome, bool more)
{
    struct event event = {.kind = EVENT_ROWS_DONE};
    event.is.rows_done.query = query;
    event.is.rows_done.failed = outcome != 0;
    event.is.rows_done.more = more;
    delivery_add(&store->answers, &event);
    if (outcome == STORE_CORRUPT)
        commit_fail(&store->commit);
}

static void load(struct store *store)
{
    struct listener listener = {.store = store};
    struct reading_sink sink = {.take = deliver_row, .context = &listener};
    int outcome = lookup_load(&store->database, clock_wall_ms(), &sink);
    say_done(store, 0, outcome, false);
}

static void answer(struct store *store, const struct effect_query *query)
{
    struct listener listener = {.store = store, .query = query->query};
    struct reading_sink sink = {.take = deliver_row, .context = &listener};
    bool more = false;
    int outcome = lookup_query(&store->database, query, &sink, &more);
    say_done(store, query->query, outcome, more);
}

static uint64_t patience_ns(const struct store *store)
{
    uint64_t ms = 3600000; // nothing to do by itself
    if (store->commit.state == EVENT_STORAGE_FULL)
        ms = 1000;
    else if (store->rest_count < COUNT_OF(rest_after_ms))
        ms = rest_after_ms[store->rest_count];
    return ms * 1000000u;
}

// Pages that were read and memory that was freed: the file system and others have better use for both.
static void rest(struct store *store)
{
    if (store->rest_count == COUNT_OF(rest_after_ms) || store->commit.state != EVENT_STORAGE_OK)
        return;
    sqlite3_db_release_memory(store->database.connection);
    memory_give_back();
    store->rest_count++;
}

// Sleeps until there is something to do. False when the store closes and all was taken.
static bool take(struct store *store, struct request_list *writes, struct request_list *queries)
{
    uv_mutex_lock(&store->lock);
    while (!store->closing && !store->writes.first && !store->queries.first &&
           !commit_has_tasks(&store->commit)) {
        if (uv_cond_timedwait(&store->handed_over, &store->lock, patience_ns(store)) == UV_ETIMEDOUT)
            break;
    }
    request_move(&store->writes, writes);
    request_move(&store->queries, queries);
    bool goes_on = !store->closing || writes->first || queries->first;
    uv_mutex_unlock(&store->lock);
    return goes_on;
}

static void run(void *context)
{
    struct store *store = context;
    struct request_list writes = {0}, queries = {0};
    commit_start(&store->commit);
    load(store);
    while (take(store, &writes, &queries)) {
        bool is_busy = writes.first || queries.first || commit_has_tasks(&store->commit);
        if (is_busy)
            store->rest_count = 0;
        if (writes.first)
            commit_batch(&store->commit, &writes);
        else
            commit_retry(&store->commit);
        struct request *request;
        while ((request = request_take(&queries))) {
            answer(store, &request->query);
            request_free(request);
        }
        commit_sweep(&store->commit);
        commit_retain(&store->commit);
        if (!is_busy)
            rest(store);
    }
}

// The thread is no place for signals; it inherits a mask that blocks them all.
void store_start(struct store *store)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    if (uv_thread_create(&store->thread, run, store))
        abort();
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    store->has_thread = true;
}

static void hand_over(struct store *store, struct request_list *list, struct request *request)
{
    uv_mutex_lock(&store->lock);
    request_add(list, request);
    uv_cond_signal(&store->handed_over);
    uv_mutex_unlock(&store->lock);
}

void store_write(struct store *store, const struct effect_write *write)
{
    struct request *request = request_new_write(write);
    atomic_fetch_add(&store->commit.unsettled_bytes, request->size_bytes);
    hand_over(store, &store->writes, request);
}

void store_query(struct store *store, const struct effect_query *query)
{
    hand_over(store, &store->queries, request_new_query(query));
}

uint64_t store_unsettled_bytes(const struct store *store)
{
    return atomic_load(&store->commit.unsettled_bytes);
}

uint64_t store_dropped(const struct store *store)
{
    return atomic_load(&store->commit.dropped);
}

int store_descriptor(const struct store *store)
{
    return store->answers.descriptor;
}

bool store_next(struct store *store, struct event *ret_event)
{
    return delivery_next(&store->answers, ret_event);
}

void store_close(struct store *store)
{
    if (!store)
        return;
    delivery_close(&store->answers);
    uv_mutex_lock(&store->lock);
    store->closing = true;
    uv_cond_signal(&store->handed_over);
    uv_mutex_unlock(&store->lock);
    if (store->has_thread)
        uv_thread_join(&store->thread);
    request_drop_all(&store->writes);
    request_drop_all(&store->queries);
    commit_deinit(&store->commit);
    delivery_deinit(&store->answers);
    uv_cond_destroy(&store->handed_over);
    uv_mutex_destroy(&store->lock);
    database_deinit(&store->database);
    close(store->directory);
    free(store);
}
