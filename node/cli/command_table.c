// The table itself: names, options, help. Order is the order of `katydid help`.
// Help texts hold no quotes of any kind, so that completion scripts can carry them as they are.
#include <string.h>

#include "node/cli/commands.h"
#include "proto/base.h"

#define OPTIONS(list) .options = list, .option_count = COUNT_OF(list)

static const struct command_option GLOBAL[] = {
    {"dir", "DIR", false, "the directory of this node (else $KATYDID_DIR)"},
    {"json", NULL, false, "print JSON for scripts"},
    {"keys", "PATH", false, "the directory of your keys (else $KATYDID_KEYS)"},
    {"operator", "FILE", false, "sign with this operator key"},
    {"help", NULL, false, "explain this command"},
};

static const struct command_option INIT[] = {
    {"name", "NAME", false, "what this node is called (default: the name of the machine)"},
    {"label", "K=V", true, "a label of this node, for --where"},
    {"fleet", "NAME", false, "what the fleet is called (default: like the node)"},
    {"passphrase", NULL, false, "seal your keys with a passphrase"},
};

static const struct command_option AGENT[] = {
    {"listen", "ADDR:PORT", true, "where to listen (default every address, port 5289)"},
    {"advertise", "HOST:PORT", true, "where others reach this node (default: the addresses it listens on)"},
    {"policy", "FILE", false, "what jobs may do here, beside /etc/katydid/policy"},
};

static const struct command_option INVITE[] = {
    {"label", "K=V", true, "a label the new machine gets, like site=berlin"},
    {"uses", "N", false, "how many machines it lets in (default 1)"},
    {"expires", "DUR", false, "how long it can be used (default 24h)"},
};

static const struct command_option JOIN[] = {
    {"name", "NAME", false, "what this machine is called (default: its host name)"},
};

static const struct command_option DRAIN[] = {
    {"undo", NULL, false, "take work again"},
    {"now", NULL, false, "do not wait until nothing is owned and nothing runs here"},
};

static const struct command_option CLOCK[] = {
    {"undo", NULL, false, "trust: vouch no longer"},
};

static const struct command_option LEAVE[] = {
    {"erase", NULL, false, "also delete the directory of this node, keys and history included"},
};

static const struct command_option ADD[] = {
    {"cron", "EXPR", true, "minute hour day month weekday, or with seconds first; or @daily, @every 5m"},
    {"every", "DUR", false, "a period like 90s, 5m or 1d"},
    {"at", "TIME", true, "a point in time like 2027-03-28T01:30, tomorrow 02:30 or in 1h"},
    {"expires", "DUR", false, "how long after --at a start still makes sense"},
    {"every-from", "anchor|end", false, "--every counts from fixed times or from the end of a run"},
    {"event", "NAME", false, "when this event is told, like deploy or usb/*"},
    {"event-from", "operators|nodes|any", false, "whose events count (default operators)"},
    {"file", "PATH", false, "when this file, or one in this directory, changes"},
    {"file-match", "PATTERN", false, "only files in --file with such names, like *.csv"},
    {"quiet-for", "DUR", false, "with --event, --file: once nothing more came for so long"},
    {"throttle", "DUR", false, "with --event, --file: at most once in so long"},
    {"after", "JOB", true, "when another job has ended; several: when all have"},
    {"outcome", "ok|not-ok|any", false, "with --after: only when it ended so (default ok)"},
    {"wait", "all|any", false, "with several --after: for all or each time for any (default all)"},
    {"match", "due|latest", false, "with several --after: of the same due time or the latest (default due)"},
    {"boot", NULL, false, "when a machine it may run on has booted"},
    {"member", "join|leave|dead", true, "when a node comes, goes or dies"},
    {"shell", "LINE", false, "a line for /bin/sh, instead of a command behind --"},
    {"user", "NAME", false, "with whose rights it runs (default: your login)"},
    {"zone", "ZONE", false, "time zone of --cron and --at, or local (default: the one of this machine)"},
    {"dst-gap", "skip|run-after", false, "due times the clock jumps over (default run-after)"},
    {"dst-overlap", "once|twice", false, "due times the clock shows twice (default once)"},
    {"jitter", "DUR", false, "start up to so much later, always the same for a job and a node"},
    {"not-before", "TIME", false, "not due before; a time like those of --at, or a day"},
    {"not-after", "TIME", false, "not due after; the same"},
    {"count", "N", false, "only the first N due times"},
    {"blackout", "WHEN", true,
     "not carried out then: 0 8 * * MON-FRI for 10h, TIME for DUR, TIME until TIME"},
    {"max-clock-error", "DUR", false, "only where the clock is known to be that right"},
    {"where", "K=V", true, "only on nodes with this label"},
    {"node", "NAME", false, "only on this node"},
    {"spread", "one|all", false, "on one matching node or on each (default one)"},
    {"time-limit", "DUR", false, "end it after this long (default 24h)"},
    {"grace", "DUR", false, "from the polite signal to the last one (default 10s)"},
    {"output-limit", "SIZE", false, "how much output is kept (default 1M)"},
    {"catch-up", "none|last|all[:DUR]", false, "missed due times that run late, and how late (default last)"},
    {"catch-up-spread", "DUR", false, "what runs late starts within so long, not all at once"},
    {"busy", "skip|queue|replace|allow", false,
     "when the run before goes on (default: skip; queue what happens)"},
    {"on-lost", "rerun|report", false, "when a node dies during a run (default rerun)"},
    {"retry", "N", false, "try again so often when it fails"},
    {"retry-delay", "DUR", false, "wait so long before trying again"},
    {"env", "K=V", true, "a variable of its environment"},
    {"directory", "PATH", false, "where it starts (default: the home of the user)"},
    {"stdin", "TEXT|event", false, "what it reads; event: the data of the event"},
    {"note", "TEXT", false, "what it is for"},
};

static const struct command_option EMIT[] = {
    {"data", "TEXT", false, "what the job finds in KATYDID_EVENT_DATA, at most 4 KiB"},
    {"data-file", "FILE", false, "the same, from a file; - behind the name: from standard input"},
    {"namespace", "NAME", false, "the namespace of the event (default main)"},
    {"expires", "DUR", false, "how long it may still start a job (default 1h, at most 24h)"},
    {"as-node", NULL, false, "signed by this node instead of you, for jobs that listen to nodes"},
};

static const struct command_option APPLY[] = {
    {"dry-run", NULL, false, "only show what would change"},
    {"prune", NULL, false, "also delete jobs of these namespaces that no file has"},
    {"yes", NULL, false, "with --prune: delete without asking"},
    {"user", "NAME", false, "with whose rights jobs run that name no user"},
};

static const struct command_option CHECK[] = {
    {"clash", "N", false, "say where more than N jobs are due at one instant (default 5)"},
};

static const struct command_option IMPORT[] = {
    {"user", "NAME", false, "the crontab of this user, or whose crontab FILE is"},
    {"system", NULL, false, "/etc/crontab and what lies in /etc/cron.d"},
    {"user-field", NULL, false, "the lines of FILE name the user in front of the command"},
    {"node", "NAME", false, "pin the jobs to this node (default: the host name of this machine)"},
    {"anywhere", NULL, false, "pin them to no node"},
    {"diff", NULL, false, "show instead what became of each line"},
};

static const struct command_option KEY[] = {
    {"namespace", "NAME", true, "add: may touch jobs of this namespace (default all)"},
    {"action", "ACTION", true, "add: may define, pause, trigger or invite (default all)"},
    {"user", "NAME", true, "add: may let jobs run as this user (default all)"},
    {"label", "K=V", true, "add: only for nodes with this label (default all)"},
    {"expires", "TIME", false, "add: until then (default for ever)"},
    {"public", "KEY", false, "add: a key that somebody else made and exported"},
    {"out", "FILE", false, "add: where the new key is written (default NAME.key)"},
    {"root", "FILE", false, "add: the root key (default root.key among your keys)"},
};

static const struct command_option PAUSE[] = {
    {"until", "TIME", false, "resume by itself then"},
    {"for", "DUR", false, "resume by itself after this long"},
    {"note", "TEXT", false, "why"},
};

static const struct command_option RUN[] = {
    {"wait", NULL, false, "wait for the end; exit 0 only if it was ok"},
    {"within", "DUR", false, "give up when it cannot start within this time (default 10m)"},
    {"from", "TIME", false, "not now but for each past due time since then, one after another"},
    {"until", "TIME", false, "with --from: up to then"},
    {"missing", NULL, false, "with --from: only those that did not end well"},
};

static const struct command_option RUNS[] = {
    {"zone", "ZONE", false, "the clock of the times (default: the zone of JOB, else of this machine)"},
    {"since", "TIME", false, "only what was due since then, like 2h or yesterday 12:00"},
    {"limit", "N", false, "at most so many (default 20)"},
    {"failed", NULL, false, "only what did not end well"},
    {"duplicates", NULL, false, "only what ran more than once, with every run"},
};

static const struct command_option LOGS[] = {
    {"follow", NULL, false, "go on until the run ends"},
    {"raw", NULL, false, "the bytes as they are, also those that move the cursor"},
};

static const struct command_option OWNER[] = {
    {"without", "NODE", true, "as if this node were not there"},
};

static const struct command_option WHY[] = {
    {"zone", "ZONE", false, "the clock of TIME, and of the times shown (default: the zone of the job)"},
};

static const struct command_option NEXT[] = {
    {"zone", "ZONE", false, "EXPR: its time zone (default: of this machine); JOB: show times of this zone"},
    {"from", "TIME", false, "start here instead of now; a time of the zone, unless it has an offset"},
    {"count", "N", false, "how many (default 10)"},
};

#define ONE_JOB .arguments = "JOB", .argument_count_min = 1, .argument_count_max = 1

static const struct command COMMANDS[] = {
    {
        .name = "init",
        .group = COMMAND_FLEET,
        .arguments = "",
        .help = "make a fleet, with this machine as its first node",
        .example = "init --name nas --label role=storage",
        OPTIONS(INIT),
        .run = commands_init,
    },
    {
        .name = "agent",
        .group = COMMAND_FLEET,
        .arguments = "",
        .help = "run the node in the foreground; it logs to stderr",
        .example = "agent --listen 192.0.2.7:5289",
        OPTIONS(AGENT),
        .run = commands_agent,
    },
    {
        .name = "invite",
        .group = COMMAND_FLEET,
        .arguments = "",
        .help = "print a token that lets a machine into the fleet",
        .example = "invite --label site=berlin | ssh gw-1 katydid join -",
        OPTIONS(INVITE),
        .run = commands_invite,
    },
    {
        .name = "join",
        .group = COMMAND_FLEET,
        .arguments = "-|FILE",
        .argument_count_min = 1,
        .argument_count_max = 1,
        .help = "become a member with a token from stdin or a file, before the agent runs",
        .example = "join - --name gw-1",
        OPTIONS(JOIN),
        .run = commands_join,
    },
    {
        .name = "status",
        .group = COMMAND_FLEET,
        .arguments = "",
        .help = "this node and its fleet on one screen; exit 1 if something needs a person",
        .example = "status",
        .run = commands_status,
    },
    {
        .name = "members",
        .group = COMMAND_FLEET,
        .arguments = "",
        .help = "who is there",
        .example = "members --json",
        .run = commands_members,
    },
    {
        .name = "drain",
        .group = COMMAND_FLEET,
        .arguments = "",
        .help = "hand over what this node owns and take no new work; waits until it is done",
        .example = "drain",
        OPTIONS(DRAIN),
        .run = commands_drain,
    },
    {
        .name = "clock",
        .group = COMMAND_FLEET,
        .arguments = "[trust]",
        .argument_count_max = 1,
        .help = "how right the clock of this node is; trust: vouch for it, where no time source is to be had",
        .example = "clock trust",
        OPTIONS(CLOCK),
        .run = commands_clock,
    },
    {
        .name = "leave",
        .group = COMMAND_FLEET,
        .arguments = "",
        .help = "take this node out of the fleet for good; its agent ends",
        .example = "leave --erase",
        OPTIONS(LEAVE),
        .run = commands_leave,
    },
    {
        .name = "key",
        .group = COMMAND_FLEET,
        .arguments = "list|add NAME|export",
        .argument_count_min = 1,
        .argument_count_max = 2,
        .help = "who may sign what; add an operator; print your own public key",
        .example = "key add anna --namespace lab --action pause --action trigger",
        OPTIONS(KEY),
        .run = commands_key,
    },
    {
        .name = "add",
        .group = COMMAND_JOBS,
        .arguments = "NAME TRIGGER [OPTION]... -- COMMAND ARG...",
        .argument_count_min = 1,
        .argument_count_max = 1,
        .takes_rest = true,
        .help = "define a job",
        .example =
            "add backup --cron \"30 2 * * *\" --node nas --time-limit 2h -- /usr/local/bin/backup /srv",
        OPTIONS(ADD),
        .run = commands_add,
    },
    {
        .name = "apply",
        .group = COMMAND_JOBS,
        .arguments = "FILE...|-",
        .argument_count_min = 1,
        .argument_count_max = 256,
        .help = "make the table match YAML job files",
        .example = "apply jobs.yaml --dry-run",
        OPTIONS(APPLY),
        .run = commands_apply,
    },
    {
        .name = "check",
        .group = COMMAND_JOBS,
        .arguments = "FILE...|-",
        .argument_count_min = 1,
        .argument_count_max = 256,
        .help = "explain job files: when jobs run, in words and times; needs no agent, changes nothing",
        .example = "check jobs.yaml",
        OPTIONS(CHECK),
        .run = commands_check,
    },
    {
        .name = "export",
        .group = COMMAND_JOBS,
        .arguments = "",
        .help = "print all jobs as YAML",
        .example = "export > jobs.yaml",
        .run = commands_export,
    },
    {
        .name = "import",
        .group = COMMAND_JOBS,
        .arguments = "crontab [FILE|DIRECTORY]",
        .argument_count_min = 1,
        .argument_count_max = 2,
        .help = "print a job file made of crontabs, for apply; nothing is changed",
        .example = "import crontab --system > cron.yaml",
        OPTIONS(IMPORT),
        .run = commands_import,
    },
    {
        .name = "edit",
        .group = COMMAND_JOBS,
        ONE_JOB,
        .help = "change a job in your editor",
        .example = "edit backup",
        .run = commands_edit,
    },
    {
        .name = "jobs",
        .group = COMMAND_JOBS,
        .arguments = "",
        .help = "all jobs",
        .example = "jobs",
        .run = commands_jobs,
    },
    {
        .name = "show",
        .group = COMMAND_JOBS,
        ONE_JOB,
        .help = "one job: definition, owner, pauses, conflicts",
        .example = "show backup",
        .run = commands_show,
    },
    {
        .name = "pause",
        .group = COMMAND_JOBS,
        ONE_JOB,
        .help = "stop starting a job, until it is resumed",
        .example = "pause backup --until \"mon 08:00\" --note \"disk is being replaced\"",
        OPTIONS(PAUSE),
        .run = commands_pause,
    },
    {
        .name = "resume",
        .group = COMMAND_JOBS,
        ONE_JOB,
        .help = "lift the pauses of a job",
        .example = "resume backup",
        .run = commands_resume,
    },
    {
        .name = "rm",
        .group = COMMAND_JOBS,
        ONE_JOB,
        .help = "delete a job; its history stays",
        .example = "rm backup",
        .run = commands_rm,
    },
    {
        .name = "run",
        .group = COMMAND_JOBS,
        ONE_JOB,
        .help = "run a job now",
        .example = "run backup --wait",
        OPTIONS(RUN),
        .run = commands_run,
    },
    {
        .name = "emit",
        .group = COMMAND_JOBS,
        .arguments = "NAME [-]",
        .argument_count_min = 1,
        .argument_count_max = 2,
        .help = "tell the fleet that something happened; jobs with --event NAME run, each 60 times an hour "
                "at most",
        .example = "emit deploy --data v42",
        OPTIONS(EMIT),
        .run = commands_emit,
    },
    {
        .name = "cancel",
        .group = COMMAND_JOBS,
        .arguments = "RUN|JOB",
        .argument_count_min = 1,
        .argument_count_max = 1,
        .help = "end a run, or every run of a job",
        .example = "cancel 41aa",
        .run = commands_cancel,
    },
    {
        .name = "runs",
        .group = COMMAND_HISTORY,
        .arguments = "[JOB]",
        .argument_count_max = 1,
        .help = "history, one row per due time",
        .example = "runs backup --failed --since 7d",
        OPTIONS(RUNS),
        .run = commands_runs,
    },
    {
        .name = "logs",
        .group = COMMAND_HISTORY,
        .arguments = "RUN|JOB",
        .argument_count_min = 1,
        .argument_count_max = 1,
        .help = "what a run wrote; of a job: its last run",
        .example = "logs backup --follow",
        OPTIONS(LOGS),
        .run = commands_logs,
    },
    {
        .name = "why",
        .group = COMMAND_HISTORY,
        .arguments = "JOB [TIME]",
        .argument_count_min = 1,
        .argument_count_max = 2,
        .help = "what happened to a due time, and why; without a time: the last",
        .example = "why backup \"sun 02:30\"",
        OPTIONS(WHY),
        .run = commands_why,
    },
    {
        .name = "next",
        .group = COMMAND_HISTORY,
        .arguments = "EXPR|JOB",
        .argument_count_min = 1,
        .argument_count_max = 1,
        .help = "the next due times of a cron expression or a job",
        .example = "next \"30 2 * * sun\" --zone Europe/Berlin --count 3",
        OPTIONS(NEXT),
        .run = commands_next,
    },
    {
        .name = "owner",
        .group = COMMAND_HISTORY,
        ONE_JOB,
        .help = "which node decides about a job, and who keeps its records",
        .example = "owner backup --without nas",
        OPTIONS(OWNER),
        .run = commands_owner,
    },
    {
        .name = "version",
        .group = COMMAND_OTHER,
        .arguments = "",
        .help = "what this program is",
        .example = "version",
        .run = commands_version,
    },
    {
        .name = "help",
        .group = COMMAND_OTHER,
        .arguments = "[COMMAND]",
        .argument_count_max = 1,
        .help = "all commands, or one with its options",
        .example = "help add",
        .run = commands_help,
    },
    {
        .name = "completion",
        .group = COMMAND_OTHER,
        .arguments = "bash|zsh|fish",
        .argument_count_min = 1,
        .argument_count_max = 1,
        .help = "a script that lets the shell complete katydid commands",
        .example = "completion bash > ~/.local/share/bash-completion/completions/katydid",
        .run = commands_completion,
    },
};

size_t command_count(void)
{
    return COUNT_OF(COMMANDS);
}

const struct command *command_get(size_t index)
{
    assert(index < COUNT_OF(COMMANDS));
    return &COMMANDS[index];
}

const struct command *command_find(const char *name)
{
    for (size_t i = 0; i < COUNT_OF(COMMANDS); i++) {
        if (strcmp(COMMANDS[i].name, name) == 0)
            return &COMMANDS[i];
    }
    return NULL;
}

size_t command_global_count(void)
{
    return COUNT_OF(GLOBAL);
}

const struct command_option *command_global_get(size_t index)
{
    assert(index < COUNT_OF(GLOBAL));
    return &GLOBAL[index];
}

const struct command_option *command_option_find(const struct command *command, const char *name)
{
    for (size_t i = 0; i < command->option_count; i++) {
        if (strcmp(command->options[i].name, name) == 0)
            return &command->options[i];
    }
    for (size_t i = 0; i < COUNT_OF(GLOBAL); i++) {
        if (strcmp(GLOBAL[i].name, name) == 0)
            return &GLOBAL[i];
    }
    return NULL;
}
