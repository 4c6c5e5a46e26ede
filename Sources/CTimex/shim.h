// adjtimex(2): the kernel's own word on how good the wall clock is. Swift's Glibc module leaves this header out.
#ifndef MESHCAM_CTIMEX_SHIM_H
#define MESHCAM_CTIMEX_SHIM_H

#include <sys/timex.h>

#endif
