package zmq

// Delivery is a message that was received, with what its handler has to say about it, from any goroutine.
type Delivery struct {
	Message
	chunk   *chunk   // that the frames are in
	receipt *receipt // nil: nobody asks
}

// newDelivery makes a delivery of what a connection has just read.
func newDelivery(m Message, c *conn, asked *receipts) Delivery {
	d := Delivery{Message: m, chunk: c.in.chunk}
	d.chunk.retain()
	if c.acking.Load() {
		d.receipt = asked.message()
	}
	return d
}

// Asked says whether the sender, an AckPush, waits for Arrived.
func (d Delivery) Asked() bool { return d.receipt != nil }

// Arrived tells the sender that it may forget the message. It is to be called once, if ever: without it the sender will send
// the message again on its next connection.
func (d Delivery) Arrived() {
	if d.receipt != nil {
		d.receipt.of.arrived(d.receipt)
	}
}

// Done says that the handler does not use the frames any more. It must not wait for other messages. It is to be called once, and has to be: until then they
// count as RcvMemory.
func (d Delivery) Done() { d.chunk.release() }
