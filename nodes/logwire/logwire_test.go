package logwire

import (
	"bufio"
	"encoding/hex"
	"encoding/json"
	"os"
	"strings"
	"testing"
)

var clusterHeader = Header{
	Stream: "Cluster::LOG", Writer: "Log::WRITER_ASCII", Filter: "default", Path: "cluster",
	Fields: []Field{{Name: "ts", Type: TypeTime}, {Name: "node", Type: TypeString}, {Name: "message", Type: TypeString}},
}

// workedExample is the batch of wire 3.3, as of Zeek 8.2.
const workedExample = "0000000c436c75737465723a3a4c4f47" + "000000114c6f673a3a5752495445525f4153434949" +
	"0000000764656661756c74" + "00000007636c7573746572" + "00000003" +
	"00000000027473000000050000000000" + "00000000046e6f6465000000070000000000" + "00000000076d657373616765000000070000000000" +
	"00000001" +
	"00000005000000000141d65a0bc0200000" + "00000007000000000100000008776f726b65722d31" + "000000070000000001000000026869"

func TestWorkedExample(t *testing.T) {
	t.Parallel()
	b := NewBatch(clusterHeader)
	b.AppendTime(1500000000.5)
	b.AppendString("worker-1")
	b.AppendString("hi")
	b.EndRecord()
	if got := hex.EncodeToString(b.Payload()); got != workedExample {
		t.Errorf("got  %s\nwant %s", got, workedExample)
	}
	h, r, err := Parse(b.Payload())
	if err != nil || h.Stream != "Cluster::LOG" || h.Path != "cluster" || len(h.Fields) != 3 || r.Records != 1 {
		t.Fatalf("%+v, %+v, %v", h, r, err)
	}
	ts, node, message := r.Next(), r.Next(), r.Next()
	if ts.Double != 1500000000.5 || string(node.Bytes) != "worker-1" || string(message.Bytes) != "hi" || r.End() != nil {
		t.Errorf("%+v %+v %+v, %v", ts, node, message, r.Err())
	}
}

// batches is the recorded batches of Zeek 8.1.2 nodes.
func batches(t testing.TB) [][]byte {
	t.Helper()
	f, err := os.Open("testdata/batches.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var all [][]byte
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 8<<20)
	for lines.Scan() {
		var b struct {
			Frames []string `json:"frames_hex"`
		}
		if err := json.Unmarshal(lines.Bytes(), &b); err != nil {
			t.Fatal(err)
		}
		payload, err := hex.DecodeString(b.Frames[3])
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, payload)
	}
	if len(all) < 9 {
		t.Fatalf("only %d batches", len(all))
	}
	return all
}

// readAll reads every value of a batch and counts them.
func readAll(payload []byte) (values int, err error) {
	h, r, err := Parse(payload)
	if err != nil {
		return 0, err
	}
	for range r.Records * len(h.Fields) {
		v := r.Next()
		values++
		if v.Type == TypeSet || v.Type == TypeVector {
			for range v.Count {
				r.Next()
				values++
			}
		}
		if r.Err() != nil {
			return values, r.Err()
		}
	}
	return values, r.End()
}

func TestRecordings(t *testing.T) {
	t.Parallel()
	for i, payload := range batches(t) {
		if n, err := readAll(payload); err != nil || n == 0 {
			t.Errorf("batch %d: %d values, %v", i, n, err)
		}
	}
}

// TestTruncated: a batch that ends anywhere too early is an error there.
func TestTruncated(t *testing.T) {
	t.Parallel()
	whole, err := hex.DecodeString(workedExample)
	if err != nil {
		t.Fatal(err)
	}
	for n := range whole {
		if _, err := readAll(whole[:n]); err == nil || !strings.Contains(err.Error(), "cannot decode log batch: offset ") {
			t.Errorf("%d of %d bytes: %v", n, len(whole), err)
		}
	}
	if _, err := readAll(append(whole, 0)); err == nil || !strings.Contains(err.Error(), "1 bytes behind the last record") {
		t.Errorf("a byte too much: %v", err)
	}
}

func TestBadBatches(t *testing.T) {
	t.Parallel()
	header := func(fields, records string) string {
		return "0000000153" + "0000000157" + "0000000146" + "0000000150" + fields + records
	}
	one := "00000001" + "000000000161" + "%T" + "0000000000"
	tests := []struct{ name, hex, want string }{
		{"no fields", header("00000000", "00000000"), "0 fields, not 1 to 4096"},
		{"many fields", header("00100000", ""), "1048576 fields, not 1 to 4096"},
		{"many records", header(strings.Replace(one, "%T", "00000007", 1), "7fffffff"), "2147483647 records, but only 0 bytes follow"},
		{"type", header(strings.Replace(one, "%T", "00000007", 1), "00000001"+"000000080000000001"), "unknown type 8"},
		{"address family", header(strings.Replace(one, "%T", "0000000b", 1), "00000001"+"0000000b0000000001"+"05"), "unknown address family 5"},
		{"port protocol", header(strings.Replace(one, "%T", "0000000a", 1), "00000001"+"0000000a0000000001"+"0000000000000001"+"00000004"), "unknown protocol 4"},
		{"subnet", header(strings.Replace(one, "%T", "0000000c", 1), "00000001"+"0000000c0000000001"+"08"+"04"+"0a000000"), "a subnet of -88 bits"},
		{"set", header(strings.Replace(one, "%T", "0000000e", 1), "00000001"+"0000000e0000000001"+"ffffffffffffffff"), "18446744073709551615 elements, but only 0 bytes follow"},
		{"no stream", "00000000" + "0000000157" + "0000000146" + "0000000150" + strings.Replace(one, "%T", "00000007", 1) + "00000000", "no stream or no path"},
	}
	for _, test := range tests {
		payload, err := hex.DecodeString(test.hex)
		if err != nil {
			t.Fatal(test.name, err)
		}
		if _, err := readAll(payload); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want %q", test.name, err, test.want)
		}
	}
}

// FuzzParse: no payload panics or is read beyond its end.
func FuzzParse(f *testing.F) {
	for _, payload := range batches(f) {
		if len(payload) < 10000 {
			f.Add(payload)
		}
	}
	whole, _ := hex.DecodeString(workedExample)
	f.Add(whole)
	f.Fuzz(func(t *testing.T, payload []byte) { readAll(payload) })
}
