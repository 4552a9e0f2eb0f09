/* The load of a central broker: publishers and subscribers that speak ZMTP by hand,
 * so that they cost next to nothing and are the same for every broker.
 *
 *   load flood   XSUB-PORT XPUB-PORT PUBLISHERS SUBSCRIBERS PAYLOAD MESSAGES
 *   load latency XSUB-PORT XPUB-PORT PAYLOAD MESSAGES PAUSE-US
 *
 * flood: every publisher sends MESSAGES messages as fast as it can be, every
 * subscriber gets those of all. It prints the nanoseconds from the first byte to
 * the last.
 * latency: one publisher sends a message every PAUSE-US microseconds, and it prints
 * how long each took to the one subscriber, in nanoseconds, one a line.
 *
 * The messages are as Zeek's, of four frames (spec: wire 1.4). They change between
 * four topics, all of which begin with what the subscribers ask for.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { block = 64 << 10, greeting = 64, give_up = 60 };

static const char *const topics[] = {
	"zeek.cluster.worker", "zeek.cluster.logger", "zeek.cluster.proxy.", "zeek.cluster.nodes."};
static const char wanted[] = "zeek.cluster.";
static const char sender[] = "zeromq_worker-1_host_123_NwrZBf1q3FkxySjt2a";
static const char format[] = "broker-bin-v1";

static int publishers, subscribers, payload;
static long messages;
static size_t wire; /* bytes of one message */
static pthread_barrier_t ready;

static void fail(const char *what, ...)
{
	va_list args;
	va_start(args, what);
	vfprintf(stderr, what, args);
	va_end(args);
	fputc('\n', stderr);
	exit(1);
}

static int64_t now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void put(int fd, const void *data, size_t n)
{
	for (const char *p = data; n > 0;) {
		ssize_t sent = send(fd, p, n, MSG_NOSIGNAL);
		if (sent < 0)
			fail("cannot send: %s", strerror(errno));
		p += sent, n -= sent;
	}
}

static size_t get(int fd, void *data, size_t n)
{
	ssize_t got = recv(fd, data, n, 0);
	if (got < 0)
		fail("cannot receive: %s", strerror(errno));
	if (got == 0)
		fail("the broker hung up");
	return got;
}

static void get_all(int fd, void *data, size_t n)
{
	for (char *p = data; n > 0;) {
		size_t got = get(fd, p, n);
		p += got, n -= got;
	}
}

static size_t frame(char *to, int flags, const void *body, size_t n)
{
	size_t head = 0;
	if (n > 255) {
		to[head++] = flags | 2;
		for (int shift = 56; shift >= 0; shift -= 8)
			to[head++] = n >> shift;
	} else {
		to[head++] = flags;
		to[head++] = n;
	}
	memcpy(to + head, body, n);
	return head + n;
}

static size_t message(char *to, const char *topic, const char *body)
{
	size_t n = frame(to, 1, topic, strlen(topic));
	n += frame(to + n, 1, sender, strlen(sender));
	n += frame(to + n, 1, format, strlen(format));
	return n + frame(to + n, 0, body, payload);
}

/* open_socket connects and shakes hands (ZMTP 3.0, mechanism NULL). */
static int open_socket(int port, const char *type)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	struct timeval patience = {.tv_sec = give_up};
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
	if (connect(fd, (struct sockaddr *)&to, sizeof to) < 0)
		fail("cannot connect to port %d: %s", port, strerror(errno));
	char ours[greeting] = {[0] = '\xff', [9] = '\x7f', [10] = 3, [12] = 'N', 'U', 'L', 'L'}, theirs[255];
	put(fd, ours, sizeof ours);
	get_all(fd, theirs, greeting);
	char body[64], out[66];
	int n = sprintf(body, "%cREADY%cSocket-Type%c%c%c%c%s", 5, 11, 0, 0, 0, 4, type);
	put(fd, out, frame(out, 4, body, n));
	get_all(fd, theirs, 2);
	get_all(fd, theirs, (unsigned char)theirs[1]);
	if (memcmp(theirs, "\5READY", 6) != 0)
		fail("port %d: the broker refused us", port);
	return fd;
}

static int subscriber_socket(int port)
{
	int fd = open_socket(port, "XSUB");
	char body[64] = {1}, out[66];
	memcpy(body + 1, wanted, strlen(wanted));
	put(fd, out, frame(out, 0, body, 1 + strlen(wanted)));
	return fd;
}

/* publisher_socket returns when all subscriptions have come through the broker. */
static int publisher_socket(int port)
{
	int fd = open_socket(port, "XPUB");
	char got[2 + 1 + sizeof wanted - 1];
	for (int seen = 0; seen < subscribers; seen++)
		get_all(fd, got, sizeof got);
	return fd;
}

static void *publish(void *arg)
{
	int fd = *(int *)arg;
	char *body = calloc(1, payload), *out = malloc(block + wire * 4);
	long in_block = 4 * (block / wire / 4 + 1);
	size_t n = 0;
	for (long i = 0; i < in_block; i++)
		n += message(out + n, topics[i % 4], body);
	pthread_barrier_wait(&ready);
	for (long left = messages; left > 0; left -= in_block)
		put(fd, out, left < in_block ? left * wire : n);
	return NULL;
}

static void *subscribe(void *arg)
{
	int fd = *(int *)arg;
	char *in = malloc(4 * block);
	pthread_barrier_wait(&ready);
	for (int64_t left = (int64_t)wire * messages * publishers; left > 0;)
		left -= get(fd, in, 4 * block);
	return NULL;
}

static void flood(int xsub, int xpub)
{
	int all = publishers + subscribers, fds[all];
	pthread_t threads[all];
	pthread_barrier_init(&ready, NULL, all + 1);
	for (int i = 0; i < subscribers; i++)
		fds[publishers + i] = subscriber_socket(xpub);
	usleep(50000); /* so that no publisher is told of a subscription twice */
	for (int i = 0; i < publishers; i++)
		fds[i] = open_socket(xsub, "XPUB");
	usleep(200000); /* all subscriptions have long come: what they are is of no interest */
	for (int i = 0; i < all; i++)
		pthread_create(&threads[i], NULL, i < publishers ? publish : subscribe, &fds[i]);
	int64_t begin = now();
	pthread_barrier_wait(&ready);
	for (int i = 0; i < all; i++)
		pthread_join(threads[i], NULL);
	printf("%lld\n", (long long)(now() - begin));
}

static void *receive_stamps(void *arg)
{
	int fd = *(int *)arg;
	char *in = malloc(wire);
	for (long i = 0; i < messages; i++) {
		int64_t sent, took;
		get_all(fd, in, wire);
		took = now();
		memcpy(&sent, in + wire - payload, sizeof sent);
		printf("%lld\n", (long long)(took - sent));
	}
	return NULL;
}

static void latency(int xsub, int xpub, int pause)
{
	subscribers = 1;
	int in = subscriber_socket(xpub), out = publisher_socket(xsub);
	char *body = calloc(1, payload), *buf = malloc(wire);
	pthread_t receiver;
	pthread_create(&receiver, NULL, receive_stamps, &in);
	for (long i = 0; i < messages; i++) {
		usleep(pause);
		int64_t sent = now();
		memcpy(body, &sent, sizeof sent);
		put(out, buf, message(buf, topics[i % 4], body));
	}
	pthread_join(receiver, NULL);
}

static size_t wire_size(void)
{
	char *body = calloc(1, payload), *buf = malloc(payload + 256);
	return message(buf, topics[0], body);
}

int main(int argc, char **argv)
{
	if (argc == 8 && strcmp(argv[1], "flood") == 0) {
		publishers = atoi(argv[4]), subscribers = atoi(argv[5]);
		payload = atoi(argv[6]), messages = atol(argv[7]);
		wire = wire_size();
		flood(atoi(argv[2]), atoi(argv[3]));
		return 0;
	}
	if (argc == 7 && strcmp(argv[1], "latency") == 0) {
		payload = atoi(argv[4]), messages = atol(argv[5]);
		wire = wire_size();
		latency(atoi(argv[2]), atoi(argv[3]), atoi(argv[6]));
		return 0;
	}
	fail("usage: see the top of load.c");
}
