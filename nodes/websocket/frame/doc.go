// Package frame is the JSON messages of Zeek's WebSocket API /v1/messages/json
// (spec: websocket 4): what its server and its clients say to each other.
//
//	client  ["topic/prefix", …]                                             subscriptions, the first message
//	server  {"type":"ack","endpoint":"…","version":"…"}                     the answer to it
//	both    {"type":"data-message","topic":"…","@data-type":"vector",…}     an event
//	server  {"type":"error","code":"…","context":"…"}                       what was wrong
//
// Events and strings flow in, text flows out, and back. What is written is valid JSON
// in Zeek's order of keys, without white space. What is read may come from anybody: a
// client that is not ours, or a Zeek that writes what is no JSON (spec: websocket 5.2).
// The package knows no connections and remembers nothing.
package frame
