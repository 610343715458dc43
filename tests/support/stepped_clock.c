/* The clock of the machine as one program sees it, set by so many seconds as stand in a file.

   Loaded before the C library. The file that STEPPED_CLOCK names holds one number of 64 bits, which
   may change at any time. Clocks that only go forward are left alone, as setting the clock does.
   Whoever has this clock leaves a line beside the file. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <semaphore.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static volatile int64_t *step;

/* One line with the words of this program's command, so that a test knows who has this clock. */
static void tell(const char *step_file) {
    char name[4096], line[256];
    int words = open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC);
    if (words < 0) return;
    ssize_t length = read(words, line, sizeof line - 1);
    close(words);
    if (length <= 0) return;
    for (ssize_t at = 0; at < length; at++)
        if (line[at] == 0 || line[at] == '\n') line[at] = ' ';
    line[length++] = '\n';
    snprintf(name, sizeof name, "%s.told", step_file);
    int file = open(name, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (file < 0) return;
    if (write(file, line, length) < 0) step = NULL;
    close(file);
}

__attribute__((constructor)) static void begin(void) {
    const char *name = getenv("STEPPED_CLOCK");
    int file = name ? open(name, O_RDONLY | O_CLOEXEC) : -1;
    if (file < 0) return;
    void *at = mmap(NULL, sizeof *step, PROT_READ, MAP_SHARED, file, 0);
    close(file);
    if (at == MAP_FAILED) return;
    step = at;
    tell(name);
}

static int64_t stepped(void) {
    return step ? *step : 0;
}

int clock_gettime(clockid_t clock, struct timespec *now) {
    int code = syscall(SYS_clock_gettime, clock, now);
    if (code == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
        now->tv_sec += stepped();
    return code;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone) {
    struct timespec exact;
    (void)zone;
    clock_gettime(CLOCK_REALTIME, &exact);
    now->tv_sec = exact.tv_sec;
    now->tv_usec = exact.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *kept) {
    struct timespec exact;
    clock_gettime(CLOCK_REALTIME, &exact);
    if (kept) *kept = exact.tv_sec;
    return exact.tv_sec;
}

/* Waits until a time of day are the kernel's, whose clock was not set. */
int sem_timedwait(sem_t *restrict semaphore, const struct timespec *restrict until) {
    struct timespec real = *until;
    real.tv_sec -= stepped();
    int (*wait)(sem_t *, const struct timespec *) = dlsym(RTLD_NEXT, "sem_timedwait");
    return wait(semaphore, &real);
}
