package event

import (
	"math"
	"net/netip"
	"testing"
	"time"
)

// TestDescribe: values are as Zeek prints them. The first is recorded (control-bus.jsonl),
// the containers are those of Zeek's own test of fmt.
func TestDescribe(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		v    Value
		want string
	}{
		{Timespan(time.Second), "1.0 sec"},
		{Timespan(0), "0 secs"},
		{Timespan(3 * time.Hour), "3.0 hrs"},
		{Timespan(90 * time.Second), "1.0 min 30.0 secs"},
		{Timespan(-90 * time.Second), "-1.0 min -30.0 secs"},
		{Timespan(1500 * time.Millisecond), "1.0 sec 500.0 msecs"},
		{Timespan(25*time.Hour + time.Microsecond), "1.0 day 1.0 hr 1.0 usec"},
		{Timespan(1500 * time.Nanosecond), "1.5 usecs"},
		{Boolean(true), "T"},
		{Boolean(false), "F"},
		{Count(42), "42"},
		{Integer(42), "42"},
		{Integer(-42), "-42"},
		{Real(3.14), "3.14"},
		{Real(310), "310.0"},
		{Real(0.1234567), "0.123457"},
		{Real(math.Inf(-1)), "-inf"},
		{String("text"), "text"},
		{String(""), ""},
		{EnumValue("Cluster::CLUSTER_BACKEND_ZEROMQ"), "Cluster::CLUSTER_BACKEND_ZEROMQ"},
		{EnumValue("Blue"), "Blue"},
		{Address(netip.MustParseAddr("fe80:1234::1")), "fe80:1234::1"},
		{Subnet(netip.MustParsePrefix("192.168.0.0/16")), "192.168.0.0/16"},
		{PortValue(Port{160, TCP}), "160/tcp"},
		{PortValue(Port{}), "0/unknown"},
		{Timestamp(time.Unix(1795170566, 98620000)), "1795170566.09862"},
		{None(), "<uninitialized>"},
		{List(Count(1), Count(2), Count(3)), "[1, 2, 3]"},
		{List(String("a"), None()), "[a, <uninitialized>]"},
		{Set(Count(2), Count(1), Count(3)), "{\n\t1,\n\t2,\n\t3\n}"},
		{Set(String("b"), String("a")), "{\na,\nb\n}"},
		{Set(Subnet(netip.MustParsePrefix("10.0.0.0/8"))), "{\n10.0.0.0/8\n}"},
		{Set(List(Count(1), String("x"))), "{\n\t[1, x]\n}"},
		{Set(), "{\n\n}"},
		{Table(Entry{Count(2), String("zeek")}, Entry{Count(1), String("test")}), "{\n\t[1] = test,\n\t[2] = zeek\n}"},
		{Table(), "{\n\n}"},
		{Table(Entry{List(Count(1), String("x")), Boolean(true)}), "{\n\t[1, x] = T\n}"},
	} {
		if got := test.v.Describe(); got != test.want {
			t.Errorf("%#v is %q, want %q", test.v.String(), got, test.want)
		}
	}
}
