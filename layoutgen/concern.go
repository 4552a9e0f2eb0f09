package layoutgen

// concern says whether something is of a process of the layout.
type concern func(*Layout, Node) bool

// onBus says whether a process is connected to the others.
func (l *Layout) onBus(n Node) bool { return n.Type != TypeArchiver }

// isNode tells a node of the cluster from the processes of the broker and the
// archiver.
func (l *Layout) isNode(n Node) bool { return n.Type != TypeBroker && n.Type != TypeArchiver }

// RunsBroker says whether the central broker is in the process of a node.
func (l *Layout) RunsBroker(n Node) bool {
	if l.Broker != nil {
		return n.Type == TypeBroker
	}
	return n.Type == TypeManager
}

// TakesLogs says whether a node is where the others send their logs.
func (l *Layout) TakesLogs(n Node) bool {
	return n.Type == TypeLogger || n.Type == TypeManager && l.ManagerIsLogger
}

func (l *Layout) sendsLogs(n Node) bool { return l.isNode(n) && !l.TakesLogs(n) }

// notInGo is a concern of all programs but our own.
func notInGo(of concern) concern {
	return func(l *Layout, n Node) bool {
		ours := n.Process.Engine == EngineGo && n.Process.Command == ""
		return !ours && of(l, n)
	}
}
