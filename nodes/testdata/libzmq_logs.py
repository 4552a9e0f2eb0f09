# A node that sends log batches through libzmq, as Zeek does (spec: wire 1.5, 3).
#
#   libzmq_logs.py WHO RECORDS HEADER_HEX LOGGER...
#
# It sends batches of RECORDS records (who: string, n: count, check: string), waiting at
# the high-water mark, until stdin ends. Then it says how many batches those were, and
# ends when libzmq is rid of them.
import struct
import sys
import threading
import time

import zmq

who, records, header = sys.argv[1], int(sys.argv[2]), bytes.fromhex(sys.argv[3])
STRING, COUNT = 7, 3


def string(s):
    return struct.pack(">IIBI", STRING, 0, 1, len(s)) + s


def record(n):
    check = b"%08x" % (n * 2654435761 & 0xFFFFFFFF)
    return string(who.encode()) + struct.pack(">IIBQ", COUNT, 0, 1, n) + string(check * 8)


ending = threading.Event()


def wait():
    sys.stdin.read()
    ending.set()


threading.Thread(target=wait, daemon=True).start()
ctx = zmq.Context()
push = ctx.socket(zmq.PUSH)
push.setsockopt(zmq.SNDHWM, 10)
push.setsockopt(zmq.RECONNECT_IVL, 10)
push.setsockopt(zmq.SNDTIMEO, 50)
for logger in sys.argv[4:]:
    push.connect(logger)
sent = 0
while not ending.is_set():
    first = sent * records
    body = b"".join(record(n) for n in range(first, first + records))
    frames = [b"log-write", b"zeromq_%s_libzmq_1_Nabc" % who.encode(), b"zeek-bin-serializer", header + struct.pack(">I", records) + body]
    while not ending.is_set():
        try:
            push.send_multipart(frames)
            sent += 1
            time.sleep(0.01)
            break
        except zmq.Again:
            pass
print(sent, flush=True)
push.close()
ctx.term()
