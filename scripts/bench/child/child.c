/* The program that the contenders keep running: it says when it began, and
 * then does nothing. It is not Go, so that what is measured is the supervisor.
 * The Go program in ../gochild does the same where there is no C compiler. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

int main(void)
{
	struct timespec t;
	char line[64];
	const char *file, *ready;
	int fd, n;

	clock_gettime(CLOCK_MONOTONIC, &t);
	file = getenv("BENCH_STAMPS");
	ready = getenv("BENCH_READY_FD");
	if (!file || (fd = open(file, O_WRONLY | O_APPEND | O_CREAT, 0644)) < 0)
		return 1;
	n = snprintf(line, sizeof line, "%lld %d\n", t.tv_sec * 1000000000LL + t.tv_nsec, (int)getpid());
	if (write(fd, line, n) != n)
		return 1;
	close(fd);
	if (ready && write(atoi(ready), "\n", 1) != 1)
		return 1;
	for (;;)
		pause();
}
