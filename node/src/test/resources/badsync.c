/*
 * Stands in front of the C library's calls that write and sync the journal, for tests: while a file "fail", "slow" or
 * "stuck" is in a node's data.dir, syncs of its journal fail, syncs do not end, or writes do not end.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

/* Whether the file is a segment of a journal, beside which the file of that name is. */
static int is_set(int fd, const char *name) {
  char link[64], path[4096], flag[4200];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length < 0) return 0;
  path[length] = 0;
  char *segment = strstr(path, "/journal/segment-");
  if (segment == NULL) return 0;
  *segment = 0;
  snprintf(flag, sizeof flag, "%s/%s", path, name);
  return access(flag, F_OK) == 0;
}

static void wait_while(int fd, const char *name) {
  while (is_set(fd, name)) usleep(10000);
}

static int sync_with(const char *call, int fd) {
  if (is_set(fd, "fail")) {
    errno = EIO;
    return -1;
  }
  wait_while(fd, "slow");
  int (*real)(int) = (int (*)(int)) dlsym(RTLD_NEXT, call);
  return real(fd);
}

int fsync(int fd) { return sync_with("fsync", fd); }

int fdatasync(int fd) { return sync_with("fdatasync", fd); }

ssize_t pwrite64(int fd, const void *buffer, size_t count, off64_t offset) {
  wait_while(fd, "stuck");
  ssize_t (*real)(int, const void *, size_t, off64_t) =
      (ssize_t (*)(int, const void *, size_t, off64_t)) dlsym(RTLD_NEXT, "pwrite64");
  return real(fd, buffer, count, offset);
}
