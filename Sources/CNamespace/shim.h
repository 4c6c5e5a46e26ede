// setns(2), which sched.h declares under _GNU_SOURCE only, and Swift's Glibc module is made without that.
#ifndef MESHCAM_CNAMESPACE_SHIM_H
#define MESHCAM_CNAMESPACE_SHIM_H

#include <unistd.h>
#include <sys/syscall.h>

// Moves the calling thread, and no other, into the network namespace that the descriptor stands for.
static inline int meshcam_enter_network(int descriptor) {
    const int clone_newnet = 0x40000000;
    return (int) syscall(SYS_setns, descriptor, clone_newnet);
}

#endif
