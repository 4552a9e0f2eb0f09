/* A bus by libzmq, to be compared with ours/main.go:
 *
 *   libzmq broker                         a broker as Zeek runs it (spec: wire 1.2); says "XSUB-ENDPOINT XPUB-ENDPOINT"
 *   libzmq pull MESSAGES                  a PULL; says its endpoint, and then "NANOSECONDS" from the first message to the last
 *   libzmq push ENDPOINT PAYLOAD MESSAGES a PUSH, of messages as Zeek's log batches, of four frames (spec: wire 1.5)
 *
 * Each ends with its stdin, not before, so that one can look at it.
 */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <zmq.h>

static void must(int ok, const char *what)
{
	if (!ok) {
		fprintf(stderr, "cannot %s: %s\n", what, zmq_strerror(zmq_errno()));
		exit(1);
	}
}

static int64_t now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void *bound(void *context, int type)
{
	void *s = zmq_socket(context, type);
	int on = 1;
	if (type == ZMQ_XPUB) {
		zmq_setsockopt(s, ZMQ_XPUB_VERBOSER, &on, sizeof on);
		zmq_setsockopt(s, ZMQ_XPUB_NODROP, &on, sizeof on);
	}
	must(zmq_bind(s, "tcp://127.0.0.1:*") == 0, "bind");
	return s;
}

static void say_endpoint(void *s, const char *end)
{
	char endpoint[256];
	size_t n = sizeof endpoint;
	must(zmq_getsockopt(s, ZMQ_LAST_ENDPOINT, endpoint, &n) == 0, "name the endpoint");
	printf("%s%s", endpoint, end);
	fflush(stdout);
}

static void *run_proxy(void *sockets)
{
	zmq_proxy(((void **)sockets)[0], ((void **)sockets)[1], NULL);
	return NULL;
}

static void broker(void)
{
	void *context = zmq_ctx_new();
	zmq_ctx_set(context, ZMQ_IO_THREADS, 2);
	void *xsub = bound(context, ZMQ_XSUB), *xpub = bound(context, ZMQ_XPUB);
	say_endpoint(xsub, " ");
	say_endpoint(xpub, "\n");
	pthread_t proxy;
	void *sockets[] = {xsub, xpub};
	pthread_create(&proxy, NULL, run_proxy, memcpy(malloc(sizeof sockets), sockets, sizeof sockets));
}

static void receive(void *s)
{
	zmq_msg_t frame;
	int more = 1;
	while (more) {
		zmq_msg_init(&frame);
		must(zmq_msg_recv(&frame, s, 0) >= 0, "receive");
		more = zmq_msg_more(&frame);
		zmq_msg_close(&frame);
	}
}

static void pull(long messages)
{
	void *s = bound(zmq_ctx_new(), ZMQ_PULL);
	say_endpoint(s, "\n");
	receive(s);
	int64_t begin = now();
	for (long i = 1; i < messages; i++)
		receive(s);
	printf("%lld\n", (long long)(now() - begin));
	fflush(stdout);
}

static void part(void *s, const void *data, size_t n, int flags)
{
	must(zmq_send(s, data, n, flags) >= 0, "send");
}

static void push(const char *endpoint, int payload, long messages)
{
	void *s = zmq_socket(zmq_ctx_new(), ZMQ_PUSH);
	must(zmq_connect(s, endpoint) == 0, "connect");
	static const char topic[] = "log-write", sender[] = "zeromq_worker-1_host_123_NwrZBf1q3FkxySjt2a",
			  format[] = "zeek-bin-serializer";
	char *body = calloc(1, payload);
	for (long i = 0; i < messages; i++) {
		part(s, topic, strlen(topic), ZMQ_SNDMORE);
		part(s, sender, strlen(sender), ZMQ_SNDMORE);
		part(s, format, strlen(format), ZMQ_SNDMORE);
		part(s, body, payload, 0);
	}
}

int main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "broker") == 0)
		broker();
	else if (argc == 3 && strcmp(argv[1], "pull") == 0)
		pull(atol(argv[2]));
	else if (argc == 5 && strcmp(argv[1], "push") == 0)
		push(argv[2], atoi(argv[3]), atol(argv[4]));
	else
		must(0, "understand the arguments: see the top of libzmq.c");
	while (getchar() != EOF)
		;
	_exit(0);
}
