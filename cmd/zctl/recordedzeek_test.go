package main

import (
	"bufio"
	"encoding/hex"
	"encoding/json"
	"log"
	"os"
	"strings"

	"zctl/nodes/cluster"
	"zctl/nodes/event"
	"zctl/nodes/zmq"
)

// recordedZeek is the program recordedzeek: it is on a bus as some nodes of Zeek 8.1.2, and
// answers control requests exactly as those were recorded to do, which pass over what is in
// the metadata. It ends when it is killed: recordedzeek RECORDING XSUB XPUB NODE…
func recordedZeek() {
	all, err := readRecording(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	xpub, err := zmq.ConnectXPub(os.Args[3], zmq.Options{}, zmq.XPubHandler{})
	if err != nil {
		log.Fatal(err)
	}
	xsub, err := zmq.ConnectXSub(os.Args[2], zmq.Options{}, zmq.XSubHandler{Message: func(m zmq.Message) {
		if len(m) != 4 {
			return
		}
		asked, err := event.Decode(string(m[2]), m[3])
		for i := 0; err == nil && i < len(all); i += 2 {
			recorded, err := event.Decode(string(all[i][2]), all[i][3])
			if err == nil && string(m[0]) == string(all[i][0]) && asked.String() == recorded.String() {
				xpub.Send(all[i+1])
			}
		}
	}})
	if err != nil {
		log.Fatal(err)
	}
	for _, node := range os.Args[4:] {
		xsub.Subscribe(cluster.NodeTopic(node))
	}
	select {}
}

// readRecording reads a recording of the bus: requests, each with its answer behind it.
func readRecording(file string) (all []zmq.Message, err error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	for lines := bufio.NewScanner(strings.NewReader(string(text))); lines.Scan(); {
		var line struct {
			Frames []string `json:"frames_hex"`
		}
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
			return nil, err
		}
		var m zmq.Message
		for _, frame := range line.Frames {
			b, err := hex.DecodeString(frame)
			if err != nil {
				return nil, err
			}
			m = append(m, b)
		}
		all = append(all, m)
	}
	return all, nil
}
