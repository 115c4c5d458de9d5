// limits.h - every bound in the system on one page: what a peer or a user may ask of us.
//
// Checked before memory is taken. Sizes end in _SIZE_MAX (bytes), counts in _COUNT_MAX, periods in _MS.
#ifndef PROTO_LIMITS_H
#define PROTO_LIMITS_H

enum {
    // Names: job, namespace, node, label, event, user match [A-Za-z0-9][A-Za-z0-9._-]{0,62}.
    LIMIT_NAME_SIZE_MAX = 63,
    LIMIT_LABEL_VALUE_SIZE_MAX = 63,
    LIMIT_TEXT_SIZE_MAX = 1024, // reasons, notes, addresses

    // Signed records.
    LIMIT_RECORD_SIZE_MAX = 64 * 1024, // an envelope, whole
    LIMIT_DEFINITION_SIZE_MAX = 32 * 1024,
    LIMIT_AUTHORITY_SIZE_MAX = 8 * 1024,
    LIMIT_AUTHORITY_COUNT_MAX = 4096,
    LIMIT_RUMOUR_RECORD_SIZE_MAX = 900, // larger ones are announced and fetched over a stream
    LIMIT_ARENA_BASE_SIZE =
        64 * 1024, // decoding n bytes takes at most 8 n + this: room for full lists of tiny items

    // Lists inside records.
    LIMIT_ROOT_COUNT_MAX = 8,
    LIMIT_SCOPE_COUNT_MAX = 64,
    LIMIT_ROLE_COUNT_MAX = 16,
    LIMIT_LABEL_COUNT_MAX = 32,
    LIMIT_ADDRESS_COUNT_MAX = 16,
    LIMIT_TRIGGER_COUNT_MAX = 16,
    LIMIT_INSTANT_COUNT_MAX = 64,
    LIMIT_UPSTREAM_COUNT_MAX = 16, // jobs that one job comes after
    LIMIT_BLACKOUT_COUNT_MAX = 16,
    LIMIT_ARGUMENT_COUNT_MAX = 256,
    LIMIT_ENVIRONMENT_COUNT_MAX = 128,
    LIMIT_NEED_COUNT_MAX = 16,
    LIMIT_SETTLED_COUNT_MAX = 16,
    LIMIT_LIFTED_PAUSE_COUNT_MAX = 64,
    LIMIT_OPEN_PAUSE_COUNT_MAX = 16,
    LIMIT_TARGET_COUNT_MAX = 256,
    LIMIT_VOTER_COUNT_MAX = 15,
    LIMIT_CRON_SIZE_MAX = 1024,    // a cron expression; what people write has less than 100
    LIMIT_TIME_TEXT_SIZE_MAX = 64, // a duration or an instant as people type it
    LIMIT_LEDGER_ITEM_COUNT_MAX = 64,
    LIMIT_CLAIM_COUNT_MAX = 60, // due times in one claim
    LIMIT_COMPARED_JOB_COUNT_MAX = 64,
    LIMIT_EVENT_DATA_SIZE_MAX = 4096,
    LIMIT_EVENT_COUNT_MAX = 8192,             // that have not expired
    LIMIT_CHANGED_NAMES_SIZE_MAX = 4080,      // of files that changed together, as a watch tells them
    LIMIT_CHANGED_PATHS_SIZE_MAX = 64 * 1024, // of the same, as their job is told

    // Wire.
    LIMIT_DATAGRAM_SIZE_MAX = 1200,
    LIMIT_STREAM_FRAME_SIZE_MAX = 64 * 1024,
    LIMIT_CONTROL_FRAME_SIZE_MAX = 256 * 1024,
    LIMIT_RUNNER_FRAME_SIZE_MAX = 80 * 1024,
    LIMIT_CONTROL_CLIENT_COUNT_MAX = 64,
    LIMIT_HALF_OPEN_STREAM_COUNT_MAX = 64,
    LIMIT_STREAM_COUNT_MAX = 256,
    LIMIT_HANDSHAKE_MS = 5000,

    // Files.
    LIMIT_JOB_FILE_SIZE_MAX = 1024 * 1024,
    LIMIT_JOB_FILE_DEPTH_MAX = 32,
    LIMIT_ZONE_FILE_SIZE_MAX = 64 * 1024,

    // Running.
    LIMIT_OUTPUT_HEAD_SIZE = 64 * 1024,
    LIMIT_OUTPUT_SIZE_DEFAULT = 1024 * 1024,
    LIMIT_LOG_SEGMENT_SIZE_MAX = 16 * 1024,
    LIMIT_RUNNING_COUNT_MAX = 1024,
    LIMIT_ATTEMPT_MAX = 64,
    LIMIT_RETRY_COUNT_MAX = LIMIT_ATTEMPT_MAX - 3, // beside the first attempt and two reruns

    // The fleet.
    LIMIT_MEMBER_COUNT_MAX = 16384,
    LIMIT_WEIGHT_MAX = 10000, // of a node; 100 is usual, 0 never owns
    LIMIT_JOB_COUNT_MAX = 200000,
    LIMIT_WAITING_RECORD_COUNT_MAX = 64, // records per peer whose signer we do not know yet
};

#define LIMIT_PERIOD_MS_MIN         1000LL                          // every
#define LIMIT_PERIOD_MS_MAX         (10LL * 366 * 24 * 3600 * 1000) // every, time limits, windows
#define LIMIT_JITTER_MS_MAX         (24LL * 3600 * 1000)
#define LIMIT_WALL_MS_MAX           4102444800000LL * 4 // instants: year 2488
#define LIMIT_PROBE_INTERVAL_MS_MIN 10
#define LIMIT_PROBE_INTERVAL_MS_MAX (10 * 60 * 1000)
#define LIMIT_ORDER_MS_MAX          (7LL * 24 * 3600 * 1000) // from not_before to not_after
#define LIMIT_EVENT_MS_MAX          (24LL * 3600 * 1000)     // from an event to its expiry
#define LIMIT_STAMP_AHEAD_MS        60000LL // a new record may be this far ahead of our clock

#endif
