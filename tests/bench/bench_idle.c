// bench_idle.c - the least a daemon with our libraries can be: sockets, a database, and nothing to do.
//
//   bench_idle DATABASE
//
// A libuv loop with a UDP socket, a TCP listener and a timer of one second, libsodium, and SQLite with a
// write-ahead log. Prints a line when it is up and ends when its standard input is closed.
#include <netinet/in.h>
#include <sodium.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

struct idle {
    uv_loop_t loop;
    uv_udp_t udp;
    uv_tcp_t tcp;
    uv_timer_t beat;
    uv_pipe_t input;
    uint8_t nonce[24];
};

static void beat(uv_timer_t *timer)
{
    struct idle *idle = timer->data;
    randombytes_buf(idle->nonce, sizeof idle->nonce);
}

static void accepted(uv_stream_t *stream, int status)
{
    (void)stream;
    (void)status;
}

static void make_room(uv_handle_t *handle, size_t size, uv_buf_t *ret)
{
    static char memory[64];
    (void)handle;
    (void)size;
    *ret = uv_buf_init(memory, sizeof memory);
}

static void heard(uv_stream_t *stream, ssize_t size, const uv_buf_t *memory)
{
    (void)memory;
    if (size < 0)
        uv_stop(stream->loop);
}

static void open_all(struct idle *idle)
{
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
    const struct sockaddr *address = (const struct sockaddr *)&here;
    uv_loop_init(&idle->loop);
    uv_udp_init(&idle->loop, &idle->udp);
    uv_udp_bind(&idle->udp, address, 0);
    uv_tcp_init(&idle->loop, &idle->tcp);
    uv_tcp_bind(&idle->tcp, address, 0);
    uv_listen((uv_stream_t *)&idle->tcp, 16, accepted);
    uv_timer_init(&idle->loop, &idle->beat);
    idle->beat.data = idle;
    uv_timer_start(&idle->beat, beat, 1000, 1000);
    uv_pipe_init(&idle->loop, &idle->input, 0);
    uv_pipe_open(&idle->input, 0);
    uv_read_start((uv_stream_t *)&idle->input, make_room, heard);
}

int main(int argc, char **argv)
{
    static struct idle idle;
    sqlite3 *database;
    if (argc != 2 || sodium_init() < 0 || sqlite3_open(argv[1], &database) != SQLITE_OK ||
        sqlite3_exec(
            database,
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; CREATE TABLE IF NOT EXISTS row(value);"
            "INSERT INTO row VALUES (1)",
            NULL, NULL, NULL) != SQLITE_OK) {
        fprintf(stderr, "usage: bench_idle DATABASE (which must be writable)\n");
        return 2;
    }
    open_all(&idle);
    puts("{\"ready\": true}");
    fflush(stdout);
    uv_run(&idle.loop, UV_RUN_DEFAULT);
    sqlite3_close(database);
    return 0;
}
