/*
 * A test's hand on the memory of a program: loaded before the C library
 * (LD_PRELOAD), it makes allocations fail, when and in which process a file of a few
 * numbers says that several processes and the test map (STARVE_FILE). Tests only.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

struct starve {
	_Atomic uint32_t pid;	/* whose allocations fail; 0: nobody's, UINT32_MAX: everybody's */
	_Atomic uint32_t first; /* the number, from 1, of the first that does */
	_Atomic uint32_t last;	/* and of the last */
	_Atomic uint32_t seen;	/* allocations of that process so far */
};

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *old, size_t size);

static struct starve *starve;

__attribute__((constructor)) static void
starve_open(void)
{
	const char *path = getenv("STARVE_FILE");
	int fd = path != NULL ? open(path, O_RDWR | O_CLOEXEC) : -1;
	void *map;

	if (fd < 0)
		return;
	map = mmap(NULL, sizeof *starve, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (map != MAP_FAILED)
		starve = map;
}

static int
must_fail(void)
{
	uint32_t pid = starve != NULL ? atomic_load(&starve->pid) : 0, number;

	if (pid == 0 || (pid != UINT32_MAX && pid != (uint32_t)getpid()))
		return 0;
	number = atomic_fetch_add(&starve->seen, 1) + 1;
	if (number < atomic_load(&starve->first) || number > atomic_load(&starve->last))
		return 0;
	errno = ENOMEM;
	return 1;
}

void *
malloc(size_t size)
{
	return must_fail() ? NULL : __libc_malloc(size);
}

void *
calloc(size_t count, size_t size)
{
	return must_fail() ? NULL : __libc_calloc(count, size);
}

void *
realloc(void *old, size_t size)
{
	return must_fail() ? NULL : __libc_realloc(old, size);
}
