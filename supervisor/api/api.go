// Package api is how programs talk to a supervisor: HTTP and JSON on the unix
// socket run/zctl.sock below its base directory. Server and client are in one
// package, and share the types of what they say, so that they cannot drift
// apart.
//
//	GET  /v1/status?node=PATTERN…           Status
//	GET  /v1/diag?node=NAME&crash=NAME      Diagnosis
//	POST /v1/plan       {"deployment": …, "options": …}  []Change
//	POST /v1/deploy     {"deployment": …, "options": …}  lines, see below
//	POST /v1/start      {"nodes": […]}      lines
//	POST /v1/stop       {"nodes": […]}      lines
//	POST /v1/restart    {"nodes": […]}      lines
//	POST /v1/shutdown   {"keep_nodes": …}   lines
//
// What may take long answers with JSON objects, one a line: {"event": …} for
// each thing that happens meanwhile, and one {"result": …} or {"error": …} at
// the end. The query parameter timeout (a Go duration) says how long to wait.
// Errors of the others have a 4xx or 5xx status and the body {"error": …}.
//
// The socket belongs to the user that runs the supervisor; others than he and
// root are refused.
package api

import (
	"zctl/supervisor"
)

// Deploy is the body of deploy, and of plan.
type Deploy struct {
	Deployment supervisor.Deployment    `json:"deployment"`
	Options    supervisor.DeployOptions `json:"options"`
}

// Nodes is the body of start, stop and restart: names, globs or groups; none
// mean all.
type Nodes struct {
	Nodes []string `json:"nodes"`
}

// Shutdown is the body of shutdown.
type Shutdown struct {
	KeepNodes bool `json:"keep_nodes"`
}

// line is one line of a long answer.
type line struct {
	Event  *supervisor.Event  `json:"event,omitempty"`
	Result *supervisor.Result `json:"result,omitempty"`
	Error  *Error             `json:"error,omitempty"`
}

// Kind says what sort of error an [Error] is.
type Kind string

const (
	BadRequest  Kind = "bad request" // what was asked for cannot be
	Unavailable Kind = "unavailable" // nobody answers, or not any more
	Ended       Kind = "ended"       // the supervisor was told to end before it was done
	NotAllowed  Kind = "not allowed" // not to this user
	Failed      Kind = "failed"      // it was tried and did not work
	TimedOut    Kind = "timed out"   // it took too long
)

// Error is an error that crossed the socket, or kept something from crossing it.
type Error struct {
	Kind    Kind   `json:"kind"`
	Message string `json:"message"`
}

func (e *Error) Error() string { return e.Message }
