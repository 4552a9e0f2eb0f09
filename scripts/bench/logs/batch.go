package main

import (
	"bufio"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"

	"zctl/nodes/logwire"
)

const (
	batchRecords = 1000 // Zeek's Log::write_buffer_size
	countSize    = 4    // of the number of records, which ends a batch's header
	valueHeader  = 9    // of every value: type, subtype, and whether it is set
)

// connBatch is a batch of recorded conn records, and where the first of them begins.
func connBatch(file string) (batch []byte, first int, err error) {
	payloads, err := recorded(file)
	if err != nil {
		return nil, 0, err
	}
	for n := 0; n < batchRecords; {
		before := n
		for _, payload := range payloads {
			header, records, err := logwire.Parse(payload)
			if err != nil {
				return nil, 0, err
			}
			if header.Path != "conn" {
				continue
			}
			if batch == nil {
				first = records.Offset()
				batch = append(batch, payload[:first]...)
			}
			some := min(records.Records, batchRecords-n)
			batch = append(batch, leading(records, some*len(header.Fields))...)
			n += some
		}
		if n == before {
			return nil, 0, fmt.Errorf("cannot make a batch: there are no conn records in %s", file)
		}
	}
	binary.BigEndian.PutUint32(batch[first-countSize:], batchRecords)
	return batch, first, nil
}

// leading is the bytes of the next so many values.
func leading(records *logwire.Reader, values int) []byte {
	all := records.Rest()
	for ; values > 0; values-- {
		if v := records.Next(); v.Set && (v.Type == logwire.TypeSet || v.Type == logwire.TypeVector) {
			values += int(v.Count)
		}
	}
	return all[:len(all)-len(records.Rest())]
}

// recorded is the payloads of recorded batches.
func recorded(file string) ([][]byte, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var all [][]byte
	for lines := json.NewDecoder(bufio.NewReader(f)); lines.More(); {
		var message struct {
			Frames []string `json:"frames_hex"`
		}
		if err := lines.Decode(&message); err != nil {
			return nil, fmt.Errorf("cannot understand %s: %w", file, err)
		}
		payload, err := hex.DecodeString(message.Frames[3])
		if err != nil {
			return nil, fmt.Errorf("cannot understand %s: %w", file, err)
		}
		all = append(all, payload)
	}
	return all, nil
}
