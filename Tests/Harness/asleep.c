/* A machine that was asleep: CLOCK_BOOTTIME runs ahead by as many seconds as the file $ASLEEP holds (a double). To be preloaded. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static volatile double *seconds;

__attribute__((constructor)) static void begin(void) {
    const char *path = getenv("ASLEEP");
    int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (file < 0) return;
    void *map = mmap(NULL, sizeof(double), PROT_READ, MAP_SHARED, file, 0);
    if (map != MAP_FAILED) seconds = map;
    close(file);
}

int clock_gettime(clockid_t clock, struct timespec *now) {
    int result = (int)syscall(SYS_clock_gettime, clock, now);
    if (result == 0 && seconds && clock == CLOCK_BOOTTIME) now->tv_sec += (time_t)*seconds;
    return result;
}
