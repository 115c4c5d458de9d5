#include "node/io/runner/confine_filter.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

// Newer than the headers we build with; the numbers are the same everywhere.
#ifndef SYS_fchmodat2
#define SYS_fchmodat2 452
#endif
#ifndef SYS_process_mrelease
#define SYS_process_mrelease 448
#endif

// A row: when the call has this number and its argument passes the test, the answer is `action`;
// otherwise the next row is asked. After the last row: allowed. Only the low 32 bits of an argument are
// looked at, which is all the kernel uses of those tested here.
enum test {
    ALWAYS,
    EQUAL,
    OTHER_THAN,
    HAS_BIT,
    LACKS_BIT,
};

struct rule {
    long number;
    uint32_t action;
    enum test test;
    uint8_t argument;
    uint32_t value;
};

#define END    SECCOMP_RET_KILL_PROCESS
#define EPERM_ (SECCOMP_RET_ERRNO | EPERM)
#define PASS   SECCOMP_RET_ALLOW

static const struct rule RULES[] = {
    // Another program, another process.
    {SYS_execve, END, ALWAYS, 0, 0},
    {SYS_execveat, END, ALWAYS, 0, 0},
    {SYS_clone, END, LACKS_BIT, 0, CLONE_THREAD},
    {SYS_clone3, SECCOMP_RET_ERRNO | ENOSYS, ALWAYS, 0, 0},
#ifdef SYS_fork
    {SYS_fork, END, ALWAYS, 0, 0},
    {SYS_vfork, END, ALWAYS, 0, 0},
#endif
    // Into other processes.
    {SYS_ptrace, END, ALWAYS, 0, 0},
    {SYS_process_vm_readv, END, ALWAYS, 0, 0},
    {SYS_process_vm_writev, END, ALWAYS, 0, 0},
    {SYS_process_madvise, END, ALWAYS, 0, 0},
    {SYS_process_mrelease, END, ALWAYS, 0, 0},
    {SYS_pidfd_open, END, ALWAYS, 0, 0},
    {SYS_pidfd_getfd, END, ALWAYS, 0, 0},
    {SYS_pidfd_send_signal, END, ALWAYS, 0, 0},
    {SYS_kcmp, END, ALWAYS, 0, 0},
    {SYS_kill, EPERM_, ALWAYS, 0, 0},
    {SYS_tkill, EPERM_, ALWAYS, 0, 0},
    {SYS_rt_sigqueueinfo, EPERM_, ALWAYS, 0, 0},
    {SYS_rt_tgsigqueueinfo, EPERM_, ALWAYS, 0, 0},
    {SYS_prlimit64, EPERM_, OTHER_THAN, 0, 0},
    {SYS_fcntl, EPERM_, EQUAL, 1, F_SETOWN},
    {SYS_fcntl, EPERM_, EQUAL, 1, F_SETOWN_EX},
    {SYS_fcntl, EPERM_, EQUAL, 1, F_SETSIG},
    // Sockets: IP, and netlink to list addresses. The control socket was handed over listening.
    {SYS_socket, PASS, EQUAL, 0, AF_INET},
    {SYS_socket, PASS, EQUAL, 0, AF_INET6},
    {SYS_socket, PASS, EQUAL, 0, AF_NETLINK},
    {SYS_socket, END, ALWAYS, 0, 0},
    {SYS_socketpair, END, ALWAYS, 0, 0},
    // Ways around this filter, and much kernel for little use.
    {SYS_io_uring_setup, END, ALWAYS, 0, 0},
    {SYS_io_uring_enter, END, ALWAYS, 0, 0},
    {SYS_io_uring_register, END, ALWAYS, 0, 0},
    {SYS_bpf, END, ALWAYS, 0, 0},
    {SYS_perf_event_open, END, ALWAYS, 0, 0},
    {SYS_userfaultfd, END, ALWAYS, 0, 0},
    {SYS_add_key, END, ALWAYS, 0, 0},
    {SYS_request_key, END, ALWAYS, 0, 0},
    {SYS_keyctl, END, ALWAYS, 0, 0},
    // The machine.
    {SYS_unshare, END, ALWAYS, 0, 0},
    {SYS_setns, END, ALWAYS, 0, 0},
    {SYS_mount, END, ALWAYS, 0, 0},
    {SYS_umount2, END, ALWAYS, 0, 0},
    {SYS_open_tree, END, ALWAYS, 0, 0},
    {SYS_move_mount, END, ALWAYS, 0, 0},
    {SYS_fsopen, END, ALWAYS, 0, 0},
    {SYS_fsconfig, END, ALWAYS, 0, 0},
    {SYS_fsmount, END, ALWAYS, 0, 0},
    {SYS_fspick, END, ALWAYS, 0, 0},
    {SYS_mount_setattr, END, ALWAYS, 0, 0},
    {SYS_pivot_root, END, ALWAYS, 0, 0},
    {SYS_chroot, END, ALWAYS, 0, 0},
    {SYS_init_module, END, ALWAYS, 0, 0},
    {SYS_finit_module, END, ALWAYS, 0, 0},
    {SYS_delete_module, END, ALWAYS, 0, 0},
    {SYS_kexec_load, END, ALWAYS, 0, 0},
    {SYS_reboot, END, ALWAYS, 0, 0},
    {SYS_swapon, END, ALWAYS, 0, 0},
    {SYS_swapoff, END, ALWAYS, 0, 0},
    {SYS_acct, END, ALWAYS, 0, 0},
    {SYS_settimeofday, END, ALWAYS, 0, 0},
    {SYS_clock_settime, END, ALWAYS, 0, 0},
    {SYS_open_by_handle_at, END, ALWAYS, 0, 0},
#ifdef SYS_ioperm
    {SYS_ioperm, END, ALWAYS, 0, 0},
    {SYS_iopl, END, ALWAYS, 0, 0},
    {SYS_modify_ldt, END, ALWAYS, 0, 0},
#endif
    {SYS_personality, EPERM_, ALWAYS, 0, 0},
// What libraries may try.
#ifdef SYS_chmod
    {SYS_chmod, EPERM_, ALWAYS, 0, 0},
    {SYS_chown, EPERM_, ALWAYS, 0, 0},
    {SYS_lchown, EPERM_, ALWAYS, 0, 0},
    {SYS_mknod, EPERM_, ALWAYS, 0, 0},
#endif
    {SYS_fchmod, EPERM_, ALWAYS, 0, 0},
    {SYS_fchmodat, EPERM_, ALWAYS, 0, 0},
    {SYS_fchmodat2, EPERM_, ALWAYS, 0, 0},
    {SYS_fchown, EPERM_, ALWAYS, 0, 0},
    {SYS_fchownat, EPERM_, ALWAYS, 0, 0},
    {SYS_mknodat, EPERM_, ALWAYS, 0, 0},
    {SYS_setxattr, EPERM_, ALWAYS, 0, 0},
    {SYS_lsetxattr, EPERM_, ALWAYS, 0, 0},
    {SYS_fsetxattr, EPERM_, ALWAYS, 0, 0},
    {SYS_ioctl, EPERM_, EQUAL, 1, TIOCSTI},
    {SYS_ioctl, EPERM_, EQUAL, 1, TIOCLINUX},
    {SYS_mmap, EPERM_, HAS_BIT, 2, PROT_EXEC},
    {SYS_mprotect, EPERM_, HAS_BIT, 2, PROT_EXEC},
    {SYS_pkey_mprotect, EPERM_, HAS_BIT, 2, PROT_EXEC},
};

#if defined(__x86_64__)
#define NATIVE_AUDIT_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define NATIVE_AUDIT_ARCH AUDIT_ARCH_AARCH64
#endif

#ifdef NATIVE_AUDIT_ARCH

enum {
    X32_BIT = 0x40000000, // calls of the x32 ABI are other calls with the same numbers
    INSTRUCTION_COUNT_MAX = 8 + COUNT_OF(RULES) * 6 + 4,
};

struct program {
    struct sock_filter code[INSTRUCTION_COUNT_MAX];
    unsigned short size;
};

static void add(struct program *program, unsigned code, uint32_t value, unsigned yes, unsigned no)
{
    assert(program->size < INSTRUCTION_COUNT_MAX);
    program->code[program->size++] =
        (struct sock_filter){.code = (uint16_t)code, .jt = (uint8_t)yes, .jf = (uint8_t)no, .k = value};
}

static void load(struct program *program, size_t offset)
{
    add(program, BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset, 0, 0);
}

// Every instruction that is not a jump past it falls through; a row leaves the call's number loaded.
static void add_rule(struct program *program, const struct rule *rule)
{
    const uint32_t number = (uint32_t)rule->number;
    if (rule->test == ALWAYS) {
        add(program, BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1);
        add(program, BPF_RET | BPF_K, rule->action, 0, 0);
        return;
    }
    bool bit = rule->test == HAS_BIT || rule->test == LACKS_BIT;
    bool when_true = rule->test == EQUAL || rule->test == HAS_BIT;
    add(program, BPF_JMP | BPF_JEQ | BPF_K, number, 0, 4);
    load(program, offsetof(struct seccomp_data, args) + 8 * (size_t)rule->argument); // little endian
    add(program, BPF_JMP | (bit ? BPF_JSET : BPF_JEQ) | BPF_K, rule->value, when_true ? 0 : 1,
        when_true ? 1 : 0);
    add(program, BPF_RET | BPF_K, rule->action, 0, 0);
    load(program, offsetof(struct seccomp_data, nr));
}

// A signal to one's own threads is how abort() works; to anybody else's it is not.
static void add_own_signals_only(struct program *program)
{
    const struct rule rule = {SYS_tgkill, EPERM_, OTHER_THAN, 0, (uint32_t)getpid()};
    add_rule(program, &rule);
}

int confine_filter_install(void)
{
    struct program program = {.size = 0};
    load(&program, offsetof(struct seccomp_data, arch));
    add(&program, BPF_JMP | BPF_JEQ | BPF_K, NATIVE_AUDIT_ARCH, 1, 0);
    add(&program, BPF_RET | BPF_K, END, 0, 0);
    load(&program, offsetof(struct seccomp_data, nr));
    add(&program, BPF_JMP | BPF_JGE | BPF_K, X32_BIT, 0, 1);
    add(&program, BPF_RET | BPF_K, END, 0, 0);
    for (size_t i = 0; i < COUNT_OF(RULES); i++)
        add_rule(&program, &RULES[i]);
    add_own_signals_only(&program);
    add(&program, BPF_RET | BPF_K, PASS, 0, 0);
    struct sock_fprog filter = {.len = program.size, .filter = program.code};
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter, 0, 0) == 0 ? 0 : -errno;
}

#else

int confine_filter_install(void)
{
    return -ENOSYS;
}

#endif
