#include "node/io/runner/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "node/io/runner/confine_filter.h"

// Landlock's numbers, some newer than the headers we build with. A kernel knows the first `count` of
// the file rights; asking for more is an error, so the ABI is asked first.
enum landlock_right {
    RIGHT_WRITE_FILE = 1 << 1,
    RIGHT_READ_FILE = 1 << 2,
    RIGHT_READ_DIRECTORY = 1 << 3,
    RIGHT_REMOVE_FILE = 1 << 5,
    RIGHT_MAKE_FILE = 1 << 8,
    RIGHT_TRUNCATE = 1 << 14, // ABI 3
};
enum {
    SCOPE_ABSTRACT_SOCKET = 1 << 0, // ABI 6
    SCOPE_SIGNAL = 1 << 1,
    ABI_SCOPE = 6,
    ABI_FULL = 3, // below it files outside DIR/net could still be cut short
    CREATE_RULESET_VERSION = 1,
    RULE_PATH_BENEATH = 1,
};
#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#define SYS_landlock_add_rule       445
#define SYS_landlock_restrict_self  446
#endif

struct landlock_ruleset {
    uint64_t files, network, scope;
};

struct landlock_beneath {
    uint64_t allowed;
    int32_t parent;
} __attribute__((packed));

PRINTF_LIKE(2, 3)
static void lacks(struct confine_report *report, const char *text, ...)
{
    size_t size = strlen(report->lacks);
    va_list arguments;
    if (size && size + 3 < sizeof report->lacks) {
        strcpy(report->lacks + size, ", ");
        size += 2;
    }
    va_start(arguments, text);
    vsnprintf(report->lacks + size, sizeof report->lacks - size, text, arguments);
    va_end(arguments);
}

static bool has_capabilities(void)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2] = {{0}};
    if (syscall(SYS_capget, &header, data) != 0)
        return true;
    return data[0].permitted || data[1].permitted || data[0].effective || data[1].effective;
}

static bool drop_capabilities(void)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct none[2] = {{0}};
    for (unsigned long capability = 0; prctl(PR_CAPBSET_READ, capability, 0, 0, 0) >= 0; capability++)
        prctl(PR_CAPBSET_DROP, capability, 0, 0, 0); // fails for who has none, who needs no dropping
    prctl(PR_SET_SECUREBITS,
          SECBIT_NOROOT | SECBIT_NOROOT_LOCKED | SECBIT_NO_SETUID_FIXUP | SECBIT_NO_SETUID_FIXUP_LOCKED |
              SECBIT_KEEP_CAPS_LOCKED | SECBIT_NO_CAP_AMBIENT_RAISE | SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED,
          0, 0, 0);
    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    syscall(SYS_capset, &header, none);
    return !has_capabilities();
}

// The file rights an ABI knows: 13 in the first, one more with 2, 3 and 5.
static uint64_t known_rights(int abi)
{
    int count = 13 + (abi >= 2) + (abi >= 3) + (abi >= 5);
    return (UINT64_C(1) << count) - 1;
}

static int allow(int ruleset, int parent, uint64_t rights)
{
    struct landlock_beneath rule = {.allowed = rights, .parent = parent};
    return syscall(SYS_landlock_add_rule, ruleset, RULE_PATH_BENEATH, &rule, 0) == 0 ? 0 : -errno;
}

// Seeds of libraries; a missing device is no loss.
static void allow_random(int ruleset)
{
    int device = open("/dev/urandom", O_PATH | O_CLOEXEC);
    if (device < 0)
        return;
    (void)allow(ruleset, device, RIGHT_READ_FILE);
    close(device);
}

static int restrict_files(int net_directory, int abi)
{
    const uint64_t wanted = RIGHT_WRITE_FILE | RIGHT_READ_FILE | RIGHT_READ_DIRECTORY | RIGHT_REMOVE_FILE |
                            RIGHT_MAKE_FILE | RIGHT_TRUNCATE;
    struct landlock_ruleset rules = {.files = known_rights(abi)};
    if (abi >= ABI_SCOPE)
        rules.scope = SCOPE_ABSTRACT_SOCKET | SCOPE_SIGNAL;
    int ruleset = (int)syscall(SYS_landlock_create_ruleset, &rules, sizeof rules, 0);
    if (ruleset < 0)
        return -errno;
    int r = allow(ruleset, net_directory, wanted & known_rights(abi));
    allow_random(ruleset);
    if (r == 0 && syscall(SYS_landlock_restrict_self, ruleset, 0) != 0)
        r = -errno;
    close(ruleset);
    return r;
}

static bool confine_files(int net_directory, struct confine_report *report)
{
    int abi = (int)syscall(SYS_landlock_create_ruleset, NULL, 0, CREATE_RULESET_VERSION);
    if (abi < 1) {
        lacks(report, "no Landlock in this kernel");
        return false;
    }
    int r = restrict_files(net_directory, abi);
    if (r != 0) {
        lacks(report, "Landlock: %s", strerror(-r));
        return false;
    }
    if (abi < ABI_FULL)
        lacks(report, "Landlock of this kernel (ABI %d) does not keep files from being truncated", abi);
    return abi >= ABI_FULL;
}

void confine_self(int net_directory, struct confine_report *ret_report)
{
    struct confine_report report = {0};
    int held = 0;
    bool private = prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0 && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
    if (!private)
        lacks(&report, "no_new_privs: %s", strerror(errno));
    bool bare = drop_capabilities();
    if (!bare)
        lacks(&report, "some capabilities could not be dropped");
    bool files = confine_files(net_directory, &report);
    int filter = confine_filter_install();
    if (filter != 0)
        lacks(&report, "no system call filter: %s", strerror(-filter));
    held = private + bare + files + (filter == 0);
    report.confined = held == 4              ? MEMBER_CONFINED_FULL
                      : files || filter == 0 ? MEMBER_CONFINED_PARTLY
                                             : MEMBER_CONFINED_NO;
    *ret_report = report;
}
