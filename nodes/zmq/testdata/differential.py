"""Plays a random but reproducible history with libzmq nodes on a broker and prints what each node saw.

differential.py <seed> <steps> <broker's xsub endpoint> <broker's xpub endpoint>

Every step is followed by a barrier, so that the output depends on nothing but the seed and the broker's behaviour: an
auxiliary topic travels the same first-in first-out ways behind whatever the step caused. Auxiliary topics begin with "~",
which sorts behind all others, and are not printed. No socket subscribes to a topic twice (there libzmq leaks).
"""
import random
import sys
import time

import zmq

context = zmq.Context()
poller = zmq.Poller()
nodes = {}
serial = 0


class Node:
    def __init__(self, name, xsub, xpub):
        self.name, self.topics, self.seen, self.printed = name, set(), set(), []
        self.xpub, self.xsub = context.socket(zmq.XPUB), context.socket(zmq.XSUB)
        self.xpub.setsockopt(zmq.XPUB_VERBOSE, 1)
        self.xpub.setsockopt(zmq.XPUB_NODROP, 1)
        self.xpub.connect(xsub)
        self.xsub.connect(xpub)
        for s in self.xpub, self.xsub:
            s.linger = 0
            poller.register(s, zmq.POLLIN)

    def subscribe(self, topic):
        self.xsub.send(b"\1" + topic)

    def unsubscribe(self, topic):
        self.xsub.send(b"\0" + topic)

    def publish(self, *frames):
        self.xpub.send_multipart(frames)

    def read(self, s):
        while True:
            try:
                frames = s.recv_multipart(zmq.DONTWAIT)
            except zmq.Again:
                return
            if s is self.xpub:
                event = ("-", "+")[frames[0][0]] + frames[0][1:].decode()
            else:
                event = "|".join(f.decode() for f in frames)
            self.seen.add(event)
            if "~" not in event[:2]:
                self.printed.append(event)

    def close(self):
        for s in self.xsub, self.xpub:
            poller.unregister(s)
            s.close()


def everybody_sees(event):
    end = time.monotonic() + 20
    while not all(event in n.seen for n in nodes.values()):
        if time.monotonic() > end:
            missing = [n.name for n in nodes.values() if event not in n.seen]
            sys.exit("%s never saw %s" % (missing, event))
        ready = dict(poller.poll(1000))
        for n in nodes.values():
            for s in n.xpub, n.xsub:
                if s in ready:
                    n.read(s)


def barrier(node):
    """Everything that subscriptions caused so far has arrived everywhere."""
    global serial
    serial += 1
    topic = b"~barrier.%d" % serial
    node.subscribe(topic)
    everybody_sees("+" + topic.decode())
    node.unsubscribe(topic)
    everybody_sees("-" + topic.decode())


def step(i, rng, xsub, xpub):
    global serial
    what = rng.choice(["open", "close", "sub", "sub", "sub", "unsub", "pub", "pub", "pub"])
    if len(nodes) < 2 or (what == "open" and len(nodes) < 6):
        node = nodes[i] = Node("n%d" % i, xsub, xpub)
        node.subscribe(b"~alive.%d" % i)
        node.subscribe(b"~data")
        everybody_sees("+~alive.%d" % i)
        barrier(node)
        return "open " + node.name
    name = rng.choice(sorted(nodes))
    node = nodes[name]
    topic = "".join(rng.choice("ab") for _ in range(rng.randrange(4))).encode()
    if what == "close" and len(nodes) > 2:
        del nodes[name]
        node.close()
        everybody_sees("-~alive.%d" % name)
        barrier(nodes[min(nodes)])
        return "close " + node.name
    if what == "unsub" and node.topics:
        topic = rng.choice(sorted(node.topics))
        node.topics.remove(topic)
        node.unsubscribe(topic)
        barrier(node)
        return "unsub %s %s" % (node.name, topic.decode())
    if what == "sub" and topic not in node.topics:
        node.topics.add(topic)
        node.subscribe(topic)
        barrier(node)
        return "sub %s %s" % (node.name, topic.decode())
    for k in range(rng.choice([1, 2, 3, 60])):
        if k % 3 == 2:
            topic = "".join(rng.choice("ab") for _ in range(rng.randrange(4))).encode()
        node.publish(topic + b"." + str(k).encode(), node.name.encode(), b"", b"x" * rng.choice([0, 10, 300, 3000]))
    serial += 1
    node.publish(b"~data", b"%d" % serial)
    everybody_sees("~data|%d" % serial)
    return "pub %s %s" % (node.name, topic.decode())


def main(seed, steps, xsub, xpub):
    rng = random.Random(int(seed))
    for i in range(int(steps)):
        print(i, step(i, rng, xsub, xpub))
        for name in sorted(nodes):
            print("   ", nodes[name].name, *nodes[name].printed)
            nodes[name].printed, nodes[name].seen = [], set()


main(*sys.argv[1:])
