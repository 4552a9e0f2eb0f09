package zmq

import (
	"net"

	"github.com/go-zeromq/zmq4"

	"zctl/nodes/zmq/curve"
)

// sealBatch is how many bytes are sealed before they are written: enough for a write to be worth it.
const sealBatch = chunkSize

// sealedConn is a connection after a CURVE handshake. Those who use it read and write plain ZMTP frames, as under NULL; on
// the wire each is a MESSAGE. What a broker forwards is sealed anew for every subscriber, which is what CURVE costs.
type sealedConn struct {
	net.Conn
	*sealer
	*opener
}

// secured returns the connection as all layers behind the handshake use it.
func secured(nc net.Conn, sec zmq4.Security) net.Conn {
	m, ok := sec.(*curve.Mechanism)
	if !ok {
		return nc
	}
	return &sealedConn{nc, &sealer{dst: nc, session: m.Session()}, &opener{src: nc, session: m.Session()}}
}

// Read reads plain frames.
func (s *sealedConn) Read(p []byte) (int, error) { return s.opener.Read(p) }

// Write writes plain frames, of which p must hold whole ones.
func (s *sealedConn) Write(p []byte) (int, error) { return s.sealer.Write(p) }

// CloseWrite tells the peer that no more will come.
func (s *sealedConn) CloseWrite() error {
	if half, ok := s.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}
