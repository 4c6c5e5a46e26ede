// What a process gives up before it does its work: prctl(2) and the system calls of landlock(7) are variadic or have no C function, so Swift
// cannot call them.
#ifndef MESHCAM_CSANDBOX_SHIM_H
#define MESHCAM_CSANDBOX_SHIM_H

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <linux/openat2.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

// No program that this one starts can ever gain rights. 0, or -1 with errno.
static inline int csandbox_no_new_privileges(void) { return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); }

// Every descriptor from `first` on is closed.
static inline int csandbox_close_from(unsigned first) { return (int)syscall(SYS_close_range, first, ~0U, 0); }

// Opens a file below a directory: no step of the way, and not its end either, may be a symbolic link or lead out of it (openat2(2)).
static inline int csandbox_open_below(int directory, const char *path, int flags, mode_t mode) {
    struct open_how how = {0};
    how.flags = (uint64_t)flags;
    how.mode = flags & O_CREAT ? mode : 0;
    how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS;
    return (int)syscall(SYS_openat2, directory, path, &how, sizeof how);
}

// From now on this process opens nothing outside of `root` (landlock(7)). 0; -1 with errno: ENOSYS or EOPNOTSUPP where the kernel has none of it.
static inline int csandbox_stay_below(const char *root) {
    // Those of the first version of the interface: all that it takes to open, make, rename and delete.
    const uint64_t access = LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_READ_FILE
        | LANDLOCK_ACCESS_FS_READ_DIR | LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_CHAR
        | LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO
        | LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_SYM;
    struct landlock_ruleset_attr attributes = {.handled_access_fs = access};
    struct landlock_path_beneath_attr beneath = {0};
    int saved;
    int rules = (int)syscall(SYS_landlock_create_ruleset, &attributes, sizeof attributes, 0);
    if (rules < 0) return -1;
    beneath.parent_fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    beneath.allowed_access = access & ~(LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_BLOCK
        | LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_SYM);
    int result = beneath.parent_fd < 0 ? -1 : (int)syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &beneath, 0);
    if (result == 0) result = (int)syscall(SYS_landlock_restrict_self, rules, 0);
    saved = errno;
    if (beneath.parent_fd >= 0) close(beneath.parent_fd);
    close(rules);
    errno = saved;
    return result;
}

#endif
