package zeek

import (
	"fmt"
	"hash/fnv"
	"strings"

	"zctl/layoutgen"
)

// zeekFanoutID is the id that Zeek has if nobody says one: that of a Zeek that
// somebody started by hand.
const zeekFanoutID = 23

// fanoutIDs gives each device that workers read through AF_PACKET an id of its own,
// from 1 to 65535. The kernel shares packets out among the sockets of a host with the
// same id, and refuses one that another device has (spec: zeekctl 8.2, 14). An id
// depends on the cluster and the device alone, as long as no two meet, so that
// another interface restarts no worker.
func fanoutIDs(baseDir string, layout *layoutgen.Layout) map[string]int {
	ids := map[string]int{}
	taken := map[int]bool{zeekFanoutID: true}
	for _, node := range layout.Nodes {
		device := fanoutDevice(node)
		if device == "" || ids[device] != 0 {
			continue
		}
		h := fnv.New32a()
		fmt.Fprintf(h, "%s\x00%s\x00%s", baseDir, layout.Name, device)
		id := int(h.Sum32()%65535) + 1
		for taken[id] {
			id = id%65535 + 1
		}
		taken[id] = true
		ids[device] = id
	}
	return ids
}

// fanoutDevice is the device that a Zeek worker reads through AF_PACKET, "" if there
// is none.
func fanoutDevice(node layoutgen.Node) string {
	device, ok := strings.CutPrefix(node.Interface, "af_packet::")
	if !ok || node.Process.Engine != layoutgen.EngineZeek {
		return ""
	}
	return device
}

// fanoutOf is the id for a node, 0 if it needs none.
func (c *Cluster) fanoutOf(node layoutgen.Node) int { return c.fanout[fanoutDevice(node)] }

// fanoutFile is the script that sets an id.
func fanoutFile(id int) string { return fmt.Sprintf("fanout-%d.zeek", id) }

func fanoutScript(device string, id int) string {
	return header + fmt.Sprintf("# For workers that share the packets of %s.\nredef AF_Packet::fanout_id = %d;\n", device, id)
}
