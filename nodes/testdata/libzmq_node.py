# A node of a Zeek cluster on libzmq, by the recipe of spec wire 5.4: what a real
# Zeek process does to be met by the others, and a log batch for the logger.
#
#   libzmq_node.py NAME XSUB XPUB LOGGER BATCH_HEX
#
# Prints a line for each event it is sent, and ends when stdin does.
import select
import sys

import zmq

name, xsub_endpoint, xpub_endpoint, logger, batch = sys.argv[1:6]
my_id = "zeromq_%s_libzmq_1_Nabc" % name
ctx = zmq.Context()
xpub = ctx.socket(zmq.XPUB)
xpub.setsockopt(zmq.XPUB_VERBOSE, 1)
xpub.setsockopt(zmq.XPUB_NODROP, 1)
xpub.connect(xpub_endpoint)
xsub = ctx.socket(zmq.XSUB)
xsub.connect(xsub_endpoint)
for topic in ("zeek.cluster.proxy", "zeek.cluster.nodeid.%s." % my_id, "zeek.cluster.node.%s." % name):
    xsub.send(b"\x01" + topic.encode())
push = ctx.socket(zmq.PUSH)
push.connect(logger)
push.send_multipart([b"log-write", my_id.encode(), b"zeek-bin-serializer", bytes.fromhex(batch)])


def text(s):
    return b"\x05" + bytes([len(s)]) + s.encode()


def event(ev):
    one = b"\x02" + (1).to_bytes(8, "big")
    return b"\x0e\x03" + one + one + b"\x0e\x02" + text(ev) + b"\x0e\x02" + text(name) + text(my_id)


def publish(topic, ev):
    xpub.send_multipart([topic, my_id.encode(), b"broker-bin-v1", event(ev)])


prefix = b"zeek.cluster.nodeid."
seen, hellos = set(), set()
poller = zmq.Poller()
for source in (xpub, xsub, sys.stdin):
    poller.register(source, zmq.POLLIN)
while True:
    for source, _ in poller.poll():
        if source is xpub:
            for frame in [xpub.recv()]:
                topic = frame[1:]
                if frame[0] != 1 or not topic.startswith(prefix) or topic == prefix + my_id.encode() + b".":
                    if frame[0] == 0 and topic.startswith(prefix):
                        print("gone", topic.decode(), flush=True)
                    continue
                publish(topic, "Cluster::Backend::ZeroMQ::hello")
                if topic in hellos:
                    publish(topic, "Cluster::hello")
                seen.add(topic)
        elif source is xsub:
            topic, sender, fmt, payload = xsub.recv_multipart()
            which = b"Cluster::hello" if b"\x05\x0eCluster::hello" in payload else b"ZeroMQ::hello"
            print("got", which.decode(), "from", sender.decode().split("_")[1], flush=True)
            if which == b"ZeroMQ::hello":
                theirs = prefix + sender + b"."
                hellos.add(theirs)
                if theirs in seen:
                    publish(theirs, "Cluster::hello")
        elif not sys.stdin.buffer.read(1):
            ctx.destroy(linger=500)
            sys.exit(0)
