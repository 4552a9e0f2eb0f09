package supervisor

// DeployOptions is how a deploy is to be carried out, and what history says of it.
type DeployOptions struct {
	// Verb is what somebody asked for: "deploy" (also ""), or "rollback".
	Verb string `json:"verb,omitempty"`
	// UID is the user who asked; the server fills it in with who is at the other
	// end of the socket.
	UID int `json:"-"`
	// For is the name of the user for whom that one asked, as sudo tells, "" without
	// one. Nobody checks it.
	For string `json:"for,omitempty"`
}

// DefaultKeepGenerations is how many generations are kept if nobody says.
const DefaultKeepGenerations = 10
