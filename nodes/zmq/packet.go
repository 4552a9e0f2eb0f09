package zmq

// packet is one whole thing received: a multipart message or a command.
type packet struct {
	wire    []byte // every byte of it, headers included, as the peer sent it; for how long, see reader
	spans   []span // where the frame bodies are in wire; valid until the reader's next packet
	command bool
	at      int // where wire is in the reader's buffer
}

type span struct{ from, to int }

// frame returns the body of frame i. Its capacity ends with it, so that appending to it cannot reach the next one.
func (p packet) frame(i int) []byte {
	s := p.spans[i]
	return p.wire[s.from:s.to:s.to]
}

// message returns all frames of it.
func (p packet) message() Message {
	m := make(Message, len(p.spans))
	p.frames(m)
	return m
}

// frames fills m, which has as many frames.
func (p packet) frames(m Message) {
	for i := range m {
		m[i] = p.frame(i)
	}
}

// payload is how many bytes its frames hold.
func (p packet) payload() (n int) {
	for _, s := range p.spans {
		n += s.to - s.from
	}
	return n
}
